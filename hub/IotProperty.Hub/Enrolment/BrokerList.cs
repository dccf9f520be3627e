using System.Diagnostics.Metrics;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Enrolment;

/// <summary>
/// Keeps the list of revoked certificates for a broker in the data folder (<see cref="DataFolder.BrokerListFile"/>), since a broker that finds only an older list than it
/// may lets nobody in: written at the start, soon after each revocation by whatever hub or command, and each day. Giving it to the broker is the operator's
/// (<c>deploy/mosquitto/iotp-crl.path</c>). Nothing is written while the installation has no authority: edges have no certificates then.
/// </summary>
public sealed partial class BrokerList : RepeatedLook
{
    /// <summary>How often the ledger is asked who is revoked.</summary>
    public static readonly TimeSpan Every = RevocationWatch.Every;

    /// <summary>How old a list may get that is still right. It is good for <see cref="EdgeCertificates.UsualListLife"/>.</summary>
    public static readonly TimeSpan RenewedAfter = TimeSpan.FromDays(1);

    private readonly EdgeCertificates _certificates;
    private readonly AuthoritySource _authority;
    private readonly string _file;
    private readonly ILogger<BrokerList> _logger;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Meter _meter = new("IotProperty.Hub.BrokerList");
    private HashSet<string> _written = [];
    private long? _writtenMs;
    private bool _isNeeded;

    public BrokerList(EdgeCertificates certificates, AuthoritySource authority, DataFolder folder, TimeProvider time, ILogger<BrokerList> logger)
        : base(Every, time)
    {
        ArgumentNullException.ThrowIfNull(folder);
        (_certificates, _authority, _file, _logger) = (certificates, authority, folder.BrokerListFile, logger);
        _meter.CreateObservableGauge("iotp_broker_list_days_left", () => DaysLeft is { } left ? (Measurement<double>[])[new(left)] : [], description: "How long the list of revoked certificates in the data folder is good, which brokers need.");
    }

    /// <summary>How long the list is good that was written last; 0 when one is needed and none could be written yet, null when none is needed.</summary>
    public double? DaysLeft => _writtenMs is { } at
        ? (at + EdgeCertificates.UsualListLife.TotalMilliseconds - Time.GetUtcNow().ToUnixTimeMilliseconds()) / TimeSpan.FromDays(1).TotalMilliseconds
        : _isNeeded ? 0 : null;

    /// <summary>Writes the list when it is due. Throws what ledger, authority and disk throw. Safe on any task.</summary>
    public override async Task LookAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // An authority that cannot be read is one that needs a list.
            _isNeeded = true;
            _isNeeded = _authority.TryGet(out _);
            if (_isNeeded)
            {
                await WriteIfDueAsync(cancellationToken);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public override void Dispose()
    {
        _meter.Dispose();
        _gate.Dispose();
        base.Dispose();
    }

    protected override void TellFailed(Exception failure) => LogFailed(failure, _file);

    protected override void TellWorks() => LogWorks();

    private async Task WriteIfDueAsync(CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> revoked = await _certificates.RevokedAsync(cancellationToken);
        long nowMs = Time.GetUtcNow().ToUnixTimeMilliseconds();

        // A clock that was set back is as good a reason: the list may not be good yet.
        bool isYoung = _writtenMs is { } at && nowMs >= at && nowMs - at < (long)RenewedAfter.TotalMilliseconds;
        if (isYoung && _written.SetEquals(revoked.Keys))
        {
            return;
        }

        PrivateFile.WritePublic(_file, await _certificates.RevocationListAsync(EdgeCertificates.UsualListLife, cancellationToken));
        _written = [.. revoked.Keys];
        _writtenMs = nowMs;
    }

    [LoggerMessage(2412, LogLevel.Error, "Cannot write the list of revoked certificates {File}; a broker keeps the one that it has; said once until it works again")]
    private partial void LogFailed(Exception failure, string file);

    [LoggerMessage(2413, LogLevel.Information, "The list of revoked certificates can be written again")]
    private partial void LogWorks();
}
