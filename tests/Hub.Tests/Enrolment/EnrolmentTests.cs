using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Ingest.Broker;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Enrolment;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Enrolment;

public sealed class SqliteEnrolmentTests() : EnrolmentTests(LedgerEngine.Sqlite);

[NeedsPeers("postgres")]
public sealed class PostgresEnrolmentTests() : EnrolmentTests(LedgerEngine.Postgres);

/// <summary>From the invitation to the end of a certificate, as the hub decides it.</summary>
public abstract class EnrolmentTests(LedgerEngine engine) : IDisposable
{
    private readonly EnrolmentBench _bench = new(engine);

    public void Dispose()
    {
        _bench.Dispose();
        GC.SuppressFinalize(this);
    }

    [ConformanceFact]
    public async Task Code_brings_a_certificate_that_is_good_for_its_site_as_client_and_for_ninety_days()
    {
        using ECDsa key = EnrolmentBench.NewKey();
        (X509Certificate2? certificate, string why) = await _bench.EnrolAsync(await _bench.InviteAsync(), key);
        Assert.Equal("", why);
        Assert.Equal("riverside", EdgeCertificateNames.SiteOf(certificate!));
        Assert.Equal("CN=riverside", certificate!.Subject);
        Assert.Equal(EdgeCertificateNames.ClientPurpose, Assert.Single(certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>()).Value);
        Assert.Equal(_bench.Ledger.Clock.GetUtcNow().AddDays(90).UtcDateTime, certificate.NotAfter.ToUniversalTime(), TimeSpan.FromSeconds(1));
        CertificateVerdict verdict = await _bench.JudgeAsync(certificate);
        Assert.Equal(("riverside", certificate.SerialNumber, ""), (verdict.Site, verdict.Serial, verdict.Why));
        EdgeCertificate kept = Assert.Single(await _bench.Certificates.ListAsync("riverside", default));
        Assert.Equal((certificate.SerialNumber, null), (kept.Serial, kept.RevokedMs));
        Assert.True(await _bench.Services.GetRequiredService<IEdgeRegister>().KnowsAsync("riverside", default));
    }

    [ConformanceFact]
    public async Task Code_is_good_once_but_its_edge_may_ask_again_with_the_same_key()
    {
        EnrolmentCode code = await _bench.InviteAsync();
        using ECDsa key = EnrolmentBench.NewKey();
        using ECDsa other = EnrolmentBench.NewKey();
        (X509Certificate2? first, _) = await _bench.EnrolAsync(code, key);
        (X509Certificate2? again, _) = await _bench.EnrolAsync(code, key);
        Assert.Equal(first!.SerialNumber, again!.SerialNumber);
        (X509Certificate2? third, string why) = await _bench.EnrolAsync(code, other);
        Assert.Null(third);
        Assert.Contains("used already", why, StringComparison.Ordinal);
        Assert.Single(await _bench.Certificates.ListAsync(null, default));
    }

    [ConformanceFact]
    public async Task Two_who_use_one_code_at_once_get_one_certificate()
    {
        EnrolmentCode code = await _bench.InviteAsync();
        using ECDsa key = EnrolmentBench.NewKey();
        using ECDsa other = EnrolmentBench.NewKey();
        (X509Certificate2? Certificate, string Why)[] answers = await Task.WhenAll(Task.Run(() => _bench.EnrolAsync(code, key)), Task.Run(() => _bench.EnrolAsync(code, other)));
        Assert.Single(answers, answer => answer.Certificate is not null);
        Assert.Contains(answers, answer => answer.Why.Contains("used", StringComparison.Ordinal));
    }

    [ConformanceFact]
    public async Task Code_ends_with_its_time_and_after_five_wrong_secrets()
    {
        using ECDsa key = EnrolmentBench.NewKey();
        EnrolmentCode late = await _bench.InviteAsync(hours: 1);
        _bench.Ledger.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Contains("is over", (await _bench.EnrolAsync(late, key)).Why, StringComparison.Ordinal);

        EnrolmentCode guessed = await _bench.InviteAsync();
        EnrolmentCode wrong = guessed with { Secret = new string('0', 32) };
        for (int attempt = 0; attempt < EdgeInvitations.Attempts; attempt++)
        {
            Assert.Contains("does not know this code", (await _bench.EnrolAsync(wrong, key)).Why, StringComparison.Ordinal);
        }

        Assert.Contains("tried too often", (await _bench.EnrolAsync(guessed, key)).Why, StringComparison.Ordinal);
        Assert.Contains("does not know this code", (await _bench.EnrolAsync(guessed with { Invitation = "00000000" }, key)).Why, StringComparison.Ordinal);
        Assert.Empty(await _bench.Certificates.ListAsync(null, default));
    }

    [ConformanceFact]
    public async Task Renewal_takes_the_old_key_and_more_than_half_of_the_time()
    {
        using ECDsa oldKey = EnrolmentBench.NewKey();
        using ECDsa newKey = EnrolmentBench.NewKey();
        (X509Certificate2? old, _) = await _bench.EnrolAsync(await _bench.InviteAsync(), oldKey);
        Assert.Contains("more than half", (await _bench.RenewAsync(old!, oldKey, newKey)).Why, StringComparison.Ordinal);
        _bench.Ledger.Clock.Advance(TimeSpan.FromDays(60));
        Assert.Contains("not by the key", (await _bench.RenewAsync(old!, newKey, newKey)).Why, StringComparison.Ordinal);

        (X509Certificate2? renewed, string why) = await _bench.RenewAsync(old!, oldKey, newKey);
        Assert.Equal("", why);
        (X509Certificate2? again, _) = await _bench.RenewAsync(old!, oldKey, newKey);
        Assert.Equal(renewed!.SerialNumber, again!.SerialNumber);
        Assert.Equal("riverside", (await _bench.JudgeAsync(renewed)).Site);
        Assert.Equal("riverside", (await _bench.JudgeAsync(old!)).Site);
        _bench.Ledger.Clock.Advance(TimeSpan.FromDays(31));
        Assert.Contains("ended on", (await _bench.JudgeAsync(old!)).Why, StringComparison.Ordinal);
        Assert.Equal("riverside", (await _bench.JudgeAsync(renewed)).Site);
        using ECDsa late = EnrolmentBench.NewKey();
        Assert.Contains("ended on", (await _bench.RenewAsync(old!, oldKey, late)).Why, StringComparison.Ordinal);
    }

    [ConformanceFact]
    public async Task Stolen_key_renews_three_times_and_no_more()
    {
        using ECDsa oldKey = EnrolmentBench.NewKey();
        (X509Certificate2? old, _) = await _bench.EnrolAsync(await _bench.InviteAsync(), oldKey);
        _bench.Ledger.Clock.Advance(TimeSpan.FromDays(60));
        for (int renewal = 0; renewal < 3; renewal++)
        {
            using ECDsa key = EnrolmentBench.NewKey();
            Assert.NotNull((await _bench.RenewAsync(old!, oldKey, key)).Certificate);
        }

        using ECDsa fourth = EnrolmentBench.NewKey();
        Assert.Contains("renewed 3 times already", (await _bench.RenewAsync(old!, oldKey, fourth)).Why, StringComparison.Ordinal);
    }

    [ConformanceFact]
    public async Task Revoked_site_is_out_with_certificates_password_and_codes_and_comes_back_by_a_new_code()
    {
        using ECDsa key = EnrolmentBench.NewKey();
        (X509Certificate2? certificate, _) = await _bench.EnrolAsync(await _bench.InviteAsync(), key);
        EnrolmentCode open = await _bench.InviteAsync();
        await _bench.Services.GetRequiredService<EdgeCredentials>().IssueAsync("riverside", false, default);
        Revocation done = await _bench.Certificates.RevokeSiteAsync("riverside", "stolen from the van", default);
        Assert.Equal((1, true, 1), (done.Certificates.Count, done.Password, done.Invitations));
        Assert.Contains("stolen from the van", (await _bench.JudgeAsync(certificate!)).Why, StringComparison.Ordinal);
        Assert.False(await _bench.Services.GetRequiredService<IEdgeRegister>().KnowsAsync("riverside", default));

        using ECDsa next = EnrolmentBench.NewKey();
        Assert.NotEqual("", (await _bench.EnrolAsync(open, next)).Why);
        Assert.NotEqual("", (await _bench.RenewAsync(certificate!, key, next)).Why);
        Assert.Contains("has a certificate already", (await _bench.EnrolAsync(await _bench.InviteAsync(), key)).Why, StringComparison.Ordinal);
        (X509Certificate2? back, string why) = await _bench.EnrolAsync(await _bench.InviteAsync(), next);
        Assert.Equal("", why);
        Assert.Equal("riverside", (await _bench.JudgeAsync(back!)).Site);
    }

    [ConformanceFact]
    public async Task One_certificate_is_revoked_by_its_number_and_keeps_its_first_reason()
    {
        using ECDsa key = EnrolmentBench.NewKey();
        (X509Certificate2? certificate, _) = await _bench.EnrolAsync(await _bench.InviteAsync(), key);
        Assert.Null(await _bench.Certificates.RevokeAsync("00FF", "no such", default));
        Assert.Equal("first", (await _bench.Certificates.RevokeAsync(certificate!.SerialNumber, "first", default))!.RevokedWhy);
        Assert.Equal("first", (await _bench.Certificates.RevokeAsync(certificate.SerialNumber, "second", default))!.RevokedWhy);
        Assert.Equal("first", Assert.Single(await _bench.Certificates.RevokedAsync(default)).Value);
    }

    [ConformanceTheory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----")]
    [InlineData("rsa")]
    [InlineData("other curve")]
    [InlineData("changed")]
    [InlineData("long")]
    public async Task Request_that_is_none_costs_no_attempt(string request)
    {
        EnrolmentCode code = await _bench.InviteAsync();
        EnrolmentDesk desk = _bench.Services.GetRequiredService<EnrolmentDesk>();
        for (int attempt = 0; attempt < EdgeInvitations.Attempts + 1; attempt++)
        {
            (_, EnrolmentRefusal? refusal) = await desk.EnrolAsync(
                new EnrolmentRequest { Invitation = code.Invitation, Secret = code.Secret, CertificateRequest = Made(request) }, "here", default);
            Assert.Equal(EnrolmentRefusalKind.Malformed, refusal!.Kind);
        }

        using ECDsa key = EnrolmentBench.NewKey();
        Assert.NotNull((await _bench.EnrolAsync(code, key)).Certificate);
    }

    private static string Made(string kind)
    {
        using ECDsa key = EnrolmentBench.NewKey();
        using ECDsa k256 = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        using RSA rsa = RSA.Create(2048);
        string good = EnrolmentBench.RequestOf(key);
        byte[] changed = Convert.FromBase64String(good[PemEncoding.Find(good).Base64Data]);
        changed[^1] ^= 1;
        return kind switch
        {
            "rsa" => new CertificateRequest("CN=a", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem(),
            "other curve" => EnrolmentBench.RequestOf(k256),
            "changed" => PemEncoding.WriteString("CERTIFICATE REQUEST", changed),
            "long" => good + new string(' ', 10_000),
            _ => kind,
        };
    }
}
