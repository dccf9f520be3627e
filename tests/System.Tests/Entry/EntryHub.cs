using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Edge.Enrolment;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Enrolment;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IotProperty.SystemTests.Entry;

/// <summary>A hub on loopback with TLS on both listeners by its own authority, where nobody enters by password, and an ingest that writes down what comes.</summary>
internal sealed class EntryHub : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly HubHost _host;
    private readonly List<IDisposable> _owned = [];

    private EntryHub(DirectoryInfo folder, HubHost host, EntryLog log, EntryIngest ingest) => (_folder, _host, Log, Ingest) = (folder, host, log, ingest);

    public EntryLog Log { get; }

    public EntryIngest Ingest { get; }

    public string Folder => _folder.FullName;

    public int MqttPort => _host.MqttEndPoint.Port;

    public Uri Address => new($"https://localhost:{_host.HttpEndPoint.Port}/");

    public CertificateAuthority Authority => Service<AuthoritySource>().GetOrCreate();

    public FrontDoor Door => Service<FrontDoor>();

    public T Service<T>()
        where T : notnull => _host.Application.Services.GetRequiredService<T>();

    public static async Task<EntryHub> StartAsync(TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        DirectoryInfo directory = Directory.CreateTempSubdirectory("iotp-entry-");
        DataFolder folder = DataFolder.Open(directory.FullName);
        // Old enough that it could have signed what has ended since.
        MovedTime before = new();
        before.Move(TimeSpan.FromDays(-200));
        using AuthoritySource source = new(null, folder, shared: false, before);
        (string certificate, string key) = WriteServer(source.GetOrCreate(), directory.FullName, time);
        HubSettings settings = new(
            directory.FullName, FrontDoorAddress.Read("--http", "127.0.0.1:0", certificate, key), FrontDoorAddress.Read("--mqtt", "127.0.0.1:0", certificate, key))
        {
            Configuration = new HubConfiguration { Passwords = PasswordEntry.Never },
        };
        EntryLog log = new();
        EntryIngest ingest = new();
        HubHost host = HubHost.Build(settings, folder, time, services => services.AddSingleton<ILoggerProvider>(log).AddSingleton<IUplinkIngest>(ingest));
        host.Prepare();
        await host.Application.StartAsync();
        return new EntryHub(directory, host, log, ingest);
    }

    /// <summary>A certificate for a server on this machine, as <c>iotp-hub edge server-certificate</c> writes it.</summary>
    public static (string Certificate, string Key) WriteServer(CertificateAuthority authority, string folder, TimeProvider time)
    {
        using ECDsa key = NewKey();
        using X509Certificate2 certificate = authority.IssueServer(["localhost", "127.0.0.1"], new PublicKey(key), time.GetUtcNow());
        string[] files = [Path.Combine(folder, "server.pem"), Path.Combine(folder, "server.key")];
        File.WriteAllText(files[0], certificate.ExportCertificatePem() + "\n" + authority.ChainPem());
        File.WriteAllText(files[1], key.ExportPkcs8PrivateKeyPem());
        return (files[0], files[1]);
    }

    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public async Task<EnrolmentCode> InviteAsync(string site) => (await Service<EdgeInvitations>()
        .InviteAsync(site, EnrolmentCode.FingerprintOf(Authority.Certificate), TimeSpan.FromHours(1), default)).Code!;

    /// <summary>Enrols an edge over HTTPS as its program does.</summary>
    public async Task<EdgeIdentity> EnrolAsync(string site, IdentityFolder? folder = null)
    {
        folder ??= new IdentityFolder(Path.Combine(Folder, $"edge-{Guid.NewGuid():N}"));
        EnrolmentCode code = await InviteAsync(site);
        using ECDsa key = folder.PendingKey();
        return folder.Keep(key, await new EnrolmentClient(TimeProvider.System).EnrolAsync(Address, code, key, default), Address, code.HubFingerprint);
    }

    /// <summary>The certificate of one row of the tables; null: none.</summary>
    public async Task<X509Certificate2?> CertificateAsync(string kind)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        switch (kind)
        {
            case "none":
                return null;
            case "riverside" or "hillside":
                return (await EnrolAsync(kind)).Certificate;
            case "expired":
                return Made(key => Authority.IssueEdge("riverside", key, now.AddDays(-91)));
            case "not issued":
                return Made(key => Authority.IssueEdge("riverside", key, now));
            case "server":
                return Made(key => Authority.IssueServer(["riverside"], key, now));
            case "foreign":
                using (var other = CertificateAuthority.Create(now))
                {
                    return Made(key => other.IssueEdge("riverside", key, now));
                }

            case "self-made":
                return Made(key => ForgedBy(Authority.Certificate.SubjectName, key, now));
            case "revoked":
                X509Certificate2 revoked = (await EnrolAsync("riverside")).Certificate;
                await Service<EdgeCertificates>().RevokeAsync(revoked.SerialNumber, "stolen", default);
                return revoked;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such certificate");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.Application.StopAsync();
        await _host.Application.DisposeAsync();
        _owned.ForEach(each => each.Dispose());
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    /// <summary>What a connection shows.</summary>
    public static SslStreamCertificateContext? Shown(X509Certificate2? certificate) =>
        certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true);

    /// <summary>Signed by a stranger who calls himself like the hub's authority.</summary>
    private static X509Certificate2 ForgedBy(X500DistinguishedName name, PublicKey key, DateTimeOffset now)
    {
        using ECDsa forger = NewKey();
        CertificateRequest request = new(new X500DistinguishedName("CN=riverside"), key, HashAlgorithmName.SHA256);
        return request.Create(name, X509SignatureGenerator.CreateForECDsa(forger), now.AddDays(-1), now.AddDays(1), [1, 2, 3]);
    }

    private X509Certificate2 Made(Func<PublicKey, X509Certificate2> issue)
    {
        using ECDsa key = NewKey();
        using X509Certificate2 bare = issue(new PublicKey(key));
        X509Certificate2 whole = bare.CopyWithPrivateKey(key);
        _owned.Add(whole);
        return whole;
    }
}
