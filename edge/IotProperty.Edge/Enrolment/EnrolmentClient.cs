using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.Enrolment;

namespace IotProperty.Edge.Enrolment;

/// <summary>Asks a hub for certificates. Nothing secret is sent before the hub has shown that it is the one that the code names. Safe on any task.</summary>
public sealed class EnrolmentClient(TimeProvider time)
{
    private const int MaxAnswerBytes = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The first certificate, for a one-time code.</summary>
    /// <exception cref="EnrolmentException">With the reason and the mend.</exception>
    public async Task<EnrolmentAnswer> EnrolAsync(Uri hub, EnrolmentCode code, ECDsa key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(code);
        HubTrust trust = await TrustAsync(hub, code.HubFingerprint, cancellationToken);
        EnrolmentRequest request = new() { Invitation = code.Invitation, Secret = code.Secret, CertificateRequest = RequestOf(key) };
        return await AskAsync(hub, EnrolmentRoutes.Enrol, request, trust, key, cancellationToken);
    }

    /// <summary>The next certificate, for the present one. What is sent is no secret, and the answer proves itself, so any server will do that leads to the hub.</summary>
    /// <exception cref="EnrolmentException">With the reason and the mend.</exception>
    public async Task<EnrolmentAnswer> RenewAsync(EdgeIdentity present, ECDsa key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(present);
        HubTrust trust = await TrustAsync(present.Hub, present.HubFingerprint, cancellationToken);
        string asked = RequestOf(key);
        using ECDsa old = present.Certificate.GetECDsaPrivateKey() ?? throw new EnrolmentException("the present certificate has no elliptic key — enrol again with a new code");
        byte[] proof = old.SignData(RenewalProof.Of(Convert.FromBase64String(asked[PemEncoding.Find(asked).Base64Data])), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        RenewalRequest request = new() { Certificate = present.Certificate.ExportCertificatePem(), CertificateRequest = asked, Proof = Convert.ToBase64String(proof) };
        EnrolmentAnswer answer = await AskAsync(present.Hub, EnrolmentRoutes.Renew, request, trust, key, cancellationToken);
        return answer.Site == present.Site ? answer : throw new EnrolmentException($"{present.Hub} gave a certificate for site {Quoted.Of(answer.Site)} and not for {present.Site}");
    }

    private static string RequestOf(ECDsa key) => new CertificateRequest("CN=edge", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

    /// <summary>
    /// Looks at the hub without believing it: the server's own certificate, or the authority that it names, must bear the fingerprint that the operator handed over.
    /// </summary>
    private async Task<HubTrust> TrustAsync(Uri hub, string fingerprint, CancellationToken cancellationToken)
    {
        if (hub.Scheme != Uri.UriSchemeHttps)
        {
            throw new EnrolmentException($"{hub}: the hub is asked over https only — write https://HOST:PORT");
        }

        X509Certificate2? shown = null;
        using HttpClient stranger = Client(hub, (certificate, _, _) =>
        {
            shown = X509CertificateLoader.LoadCertificate(certificate!.GetRawCertData());
            return true;
        });
        X509Certificate2Collection authority = [];
        await SendAsync(hub, async () =>
        {
            using HttpResponseMessage answer = await stranger.GetAsync(new Uri(EnrolmentRoutes.Authority, UriKind.Relative), cancellationToken);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                authority.ImportFromPem(await answer.Content.ReadAsStringAsync(cancellationToken));
            }

            return answer;
        });
        if (shown is not null && EnrolmentCode.FingerprintOf(shown) == fingerprint)
        {
            return HubTrust.Exactly(shown, time);
        }

        X509Certificate2? named = authority.FirstOrDefault(certificate => EnrolmentCode.FingerprintOf(certificate) == fingerprint);
        if (named is not null)
        {
            return HubTrust.SignedBy(named, authority, time)
                ?? throw new EnrolmentException($"{hub} names the right authority, but not what signed it, or its time is over — nothing was sent; is this machine's clock right?");
        }

        throw new EnrolmentException(
                $"{hub} is not the hub that the code names: neither its certificate ({(shown is null ? "none" : EnrolmentCode.FingerprintOf(shown))}) nor its authority "
                + $"({(authority.Count == 0 ? "none" : EnrolmentCode.FingerprintOf(authority[0]))}) has the fingerprint {fingerprint} — nothing was sent; check the address and the code, or somebody stands between");
    }

    private async Task<EnrolmentAnswer> AskAsync<T>(Uri hub, string route, T request, HubTrust trust, ECDsa key, CancellationToken cancellationToken)
    {
        using HttpClient client = Client(hub, trust.Accepts);
        EnrolmentAnswer? answer = null;
        await SendAsync(hub, async () =>
        {
            HttpResponseMessage response = await client.PostAsJsonAsync(new Uri(route, UriKind.Relative), request, JsonSerializerOptions.Web, cancellationToken);
            answer = response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<EnrolmentAnswer>(JsonSerializerOptions.Web, cancellationToken) : throw await RefusalAsync(hub, response, cancellationToken);
            return response;
        });
        Check(hub, answer ?? throw new EnrolmentException($"{hub} answered nothing"), key);
        return answer;
    }

    /// <summary>A certificate that is not for this key, or that nobody's authority signed, would only be found out at the front door.</summary>
    private void Check(Uri hub, EnrolmentAnswer answer, ECDsa key)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(answer.Certificate);
            X509Certificate2Collection authority = [];
            authority.ImportFromPem(answer.Authority);
            using X509Chain upwards = new();
            upwards.ChainPolicy = AuthorityPath.Policy(authority, time.GetUtcNow(), EdgeCertificateNames.ClientPurpose);
            string why = !certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()) ? "is not for the key that was asked for"
                : EdgeCertificateNames.SiteOf(certificate) != answer.Site ? $"does not name the site {Quoted.Of(answer.Site)}"
                : !upwards.Build(certificate) ? $"does not hold ({string.Join(", ", upwards.ChainStatus.Select(status => status.Status))}); is this machine's clock right?"
                : "";
            if (why.Length > 0)
            {
                throw new EnrolmentException($"{hub}: the certificate {why}");
            }
        }
        catch (CryptographicException wrong)
        {
            throw new EnrolmentException($"{hub}: the certificate cannot be read: {wrong.Message}");
        }
    }

    private static async Task<EnrolmentException> RefusalAsync(Uri hub, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string detail = "";
        try
        {
            using JsonDocument problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
            detail = problem.RootElement.TryGetProperty("detail", out JsonElement told) ? told.GetString() ?? "" : "";
        }
        catch (Exception other) when (other is JsonException or InvalidOperationException)
        {
            // Something else than a hub answers here; its status must do.
            detail = "the answer is none of a hub";
        }

        return new EnrolmentException($"{hub} refuses ({(int)response.StatusCode}): {Quoted.Of(detail)}", refused: response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.UnprocessableEntity);
    }

    private static async Task SendAsync(Uri hub, Func<Task<HttpResponseMessage>> send)
    {
        try
        {
            using HttpResponseMessage response = await send();
        }
        catch (HttpRequestException failed)
        {
            throw new EnrolmentException($"cannot reach {hub}: {failed.InnerException?.Message ?? failed.Message}");
        }
        catch (TaskCanceledException late) when (late.InnerException is TimeoutException)
        {
            throw new EnrolmentException($"{hub} did not answer within {Patience.TotalSeconds:0} s");
        }
        catch (Exception wrong) when (wrong is JsonException or CryptographicException or NotSupportedException)
        {
            throw new EnrolmentException($"{hub} answered something that is no certificate: {wrong.Message}");
        }
    }

    private static HttpClient Client(Uri hub, Func<X509Certificate?, X509Chain?, System.Net.Security.SslPolicyErrors, bool> accepts) => new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = Patience,
            SslOptions =
            {
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) => accepts(certificate, chain, errors),
                CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
            },
        })
    {
        BaseAddress = hub,
        Timeout = Patience,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };
}
