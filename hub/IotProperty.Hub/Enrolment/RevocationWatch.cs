using IotProperty.Hub.Hosting;
using IotProperty.Hub.Ingest;

namespace IotProperty.Hub.Enrolment;

/// <summary>
/// Ends standing connections that would not be let in any more: their certificate was revoked or is over, or their password was taken away. Commands and other hubs write
/// to the same ledger, so it is looked at again and again. A ledger that is away for a while ends no edge; who was revoked meanwhile is found when it is back.
/// </summary>
public sealed partial class RevocationWatch(EdgeCertificates certificates, FrontDoor door, TimeProvider time, ILogger<RevocationWatch> logger)
    : RepeatedLook(Every, time)
{
    /// <summary>So long an edge may stay that was revoked.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <summary>One look. Throws what the ledger throws when it cannot answer.</summary>
    public override async Task LookAsync(CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> revoked = await certificates.RevokedAsync(cancellationToken);
        IReadOnlySet<string> passwords = await certificates.SitesWithPasswordAsync(cancellationToken);
        DateTimeOffset now = Time.GetUtcNow();
        door.EndUnless((site, shown) => shown switch
        {
            null => passwords.Contains(site) ? null : "the site's password was taken away",
            { } certificate when revoked.TryGetValue(certificate.Serial, out string? why) => $"the certificate was revoked: {why}",
            { } certificate when now > certificate.NotAfter => "the certificate has ended",
            _ => null,
        });
    }

    protected override void TellFailed(Exception failure) => LogFailed(failure);

    protected override void TellWorks() => LogWorks();

    [LoggerMessage(2410, LogLevel.Error, "Cannot see which certificates are revoked; standing connections stay until it can be seen")]
    private partial void LogFailed(Exception failure);

    [LoggerMessage(2411, LogLevel.Information, "Can see again which certificates are revoked")]
    private partial void LogWorks();
}
