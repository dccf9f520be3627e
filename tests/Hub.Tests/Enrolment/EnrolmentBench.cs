using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Protocols.Enrolment;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Enrolment;

/// <summary>The rooms of enrolment on a ledger of their own, with a clock that a test moves, and edges with keys.</summary>
public sealed class EnrolmentBench : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-enrolment-");

    public EnrolmentBench(LedgerEngine engine)
    {
        Ledger = new LedgerFixture(engine);
        Services = new ServiceCollection().AddSingleton<TimeProvider>(Ledger.Clock).AddSingleton(Ledger.Database).AddPeople(Ledger.Folder)
            .AddEnrolment(HubConfiguration.Embedded, Folder = DataFolder.Open(_folder.FullName)).BuildServiceProvider();
    }

    public LedgerFixture Ledger { get; }

    public DataFolder Folder { get; }

    public ServiceProvider Services { get; }

    public CertificateAuthority Authority => Services.GetRequiredService<AuthoritySource>().GetOrCreate();

    public EdgeCertificates Certificates => Services.GetRequiredService<EdgeCertificates>();

    public async Task<EnrolmentCode> InviteAsync(string site = "riverside", int hours = 24) => (await Services.GetRequiredService<EdgeInvitations>()
        .InviteAsync(site, EnrolmentCode.FingerprintOf(Authority.Certificate), TimeSpan.FromHours(hours), default)).Code!;

    /// <summary>The certificate, or the reason why there is none.</summary>
    public async Task<(X509Certificate2? Certificate, string Why)> EnrolAsync(EnrolmentCode code, ECDsa key)
    {
        EnrolmentRequest request = new() { Invitation = code.Invitation, Secret = code.Secret, CertificateRequest = RequestOf(key) };
        (EnrolmentAnswer? answer, EnrolmentRefusal? refusal) = await Services.GetRequiredService<EnrolmentDesk>().EnrolAsync(request, "here", default);
        return (answer is null ? null : X509Certificate2.CreateFromPem(answer.Certificate), refusal?.Why ?? "");
    }

    public async Task<(X509Certificate2? Certificate, string Why)> RenewAsync(X509Certificate2 present, ECDsa oldKey, ECDsa key)
    {
        string asked = RequestOf(key);
        byte[] proof = oldKey.SignData(
            RenewalProof.Of(Convert.FromBase64String(asked[PemEncoding.Find(asked).Base64Data])), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        RenewalRequest request = new() { Certificate = present.ExportCertificatePem(), CertificateRequest = asked, Proof = Convert.ToBase64String(proof) };
        (EnrolmentAnswer? answer, EnrolmentRefusal? refusal) = await Services.GetRequiredService<EnrolmentDesk>().RenewAsync(request, "here", default);
        return (answer is null ? null : X509Certificate2.CreateFromPem(answer.Certificate), refusal?.Why ?? "");
    }

    public ValueTask<CertificateVerdict> JudgeAsync(X509Certificate2 certificate) =>
        Services.GetRequiredService<IEdgeCertificates>().JudgeAsync(certificate, default);

    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static string RequestOf(ECDsa key) => new CertificateRequest("CN=anything", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

    public void Dispose()
    {
        Services.Dispose();
        Ledger.Dispose();
        _folder.Delete(recursive: true);
    }
}
