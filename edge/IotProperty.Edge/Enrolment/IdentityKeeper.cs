using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.Enrolment;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Enrolment;

/// <summary>The edge's certificate at one moment, for <c>/metrics</c>.</summary>
/// <param name="DaysLeft">Until it ends; below zero when it is over.</param>
/// <param name="Renewals">Since the start.</param>
/// <param name="Failures">Tries to renew that brought none, since the start.</param>
public sealed record CertificateSnapshot(double DaysLeft, long Renewals, long Failures);

/// <summary>
/// Holds the identity that the uplink shows and renews it in time: asks the hub for the next certificate at two thirds of the present one's time, tries on with growing pauses
/// when that fails, and tells the uplink when there is a new one. The connection that stands is good until then. <see cref="RunAsync"/> is called once; the rest on any task.
/// </summary>
public sealed partial class IdentityKeeper : IDisposable
{
    /// <summary>The wall clock is looked at so often, for it may be stepped while a timer sleeps.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromHours(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);

    private readonly IdentityFolder _folder;
    private readonly X509Certificate2Collection? _roots;
    private readonly EnrolmentClient _client;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger<IdentityKeeper> _logger;
    private readonly Lock _gate = new();
    private CancellationTokenSource _replaced = new();
    private EdgeIdentity _identity;
    private UplinkIdentity _shown;
    private string _lastReason = "";
    private long _renewals;
    private long _failures;

    /// <param name="folder">Where the identity lies; read at once.</param>
    /// <param name="roots">By which the peer of the uplink is known; null: the hub's authority.</param>
    /// <param name="client">Asks the hub.</param>
    /// <param name="time">The wall clock.</param>
    /// <param name="random">Jitter; used by this keeper alone.</param>
    /// <param name="logger">State changes.</param>
    /// <exception cref="InvalidDataException">The identity cannot be used, with the mend.</exception>
    public IdentityKeeper(IdentityFolder folder, X509Certificate2Collection? roots, EnrolmentClient client, TimeProvider time, Random random, ILogger<IdentityKeeper> logger)
    {
        ArgumentNullException.ThrowIfNull(folder);
        (_folder, _roots, _client, _time, _random, _logger) = (folder, roots, client, time, random, logger);
        _identity = folder.Read();
        _shown = Show(_identity);
    }

    public EdgeIdentity Identity
    {
        get
        {
            lock (_gate)
            {
                return _identity;
            }
        }
    }

    /// <summary>For the next connection.</summary>
    public UplinkIdentity Current
    {
        get
        {
            lock (_gate)
            {
                return _shown;
            }
        }
    }

    public CertificateSnapshot Snapshot => new((Identity.NotAfter - _time.GetUtcNow()).TotalDays, Interlocked.Read(ref _renewals), Interlocked.Read(ref _failures));

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        LogHolds(Identity.Certificate.SerialNumber, Identity.NotAfter, Identity.RenewAt);
        ReconnectPause pauses = new(FirstPause, LongestPause, LongestPause);
        TimeSpan pause = TimeSpan.Zero;
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan wait = pause > TimeSpan.Zero ? pause : Identity.RenewAt - _time.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait < LookEvery || pause > TimeSpan.Zero ? wait : LookEvery, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = TimeSpan.Zero;
                continue;
            }

            if (await TryRenewAsync(cancellationToken))
            {
                pauses = new ReconnectPause(FirstPause, LongestPause, LongestPause);
            }
            else
            {
                pause = pauses.Next(useful: false, TimeSpan.Zero, _random.NextDouble());
            }
        }
    }

    public void Dispose() => _replaced.Dispose();

    private async Task<bool> TryRenewAsync(CancellationToken cancellationToken)
    {
        EdgeIdentity present = Identity;
        try
        {
            using ECDsa key = _folder.PendingKey();
            EnrolmentAnswer answer = await _client.RenewAsync(present, key, cancellationToken);
            Replace(_folder.Keep(key, answer, present.Hub, present.HubFingerprint));
            Interlocked.Increment(ref _renewals);
            _lastReason = "";
            LogRenewed(Identity.Certificate.SerialNumber, Identity.NotAfter);
            return true;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or InvalidDataException or OperationCanceledException)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return false;
            }

            Interlocked.Increment(ref _failures);
            if (failed is EnrolmentException { Refused: true })
            {
                // Asking again with this key would be answered alike.
                _folder.DropPendingKey();
            }

            if (failed.Message != _lastReason)
            {
                LogFailed((present.NotAfter - _time.GetUtcNow()).TotalDays, failed.Message);
            }

            _lastReason = failed.Message;
            return false;
        }
    }

    private void Replace(EdgeIdentity identity)
    {
        CancellationTokenSource old;
        lock (_gate)
        {
            old = _replaced;
            _replaced = new CancellationTokenSource();
            _identity = identity;
            _shown = Show(identity);
        }

        // Outside the lock: the uplink goes on from here.
        old.Cancel();
        old.Dispose();
    }

    private UplinkIdentity Show(EdgeIdentity identity) => new(
        SslStreamCertificateContext.Create(identity.Certificate, identity.Authority, offline: true), _roots ?? identity.Authority, _replaced.Token);

    [LoggerMessage(1540, LogLevel.Information, "The edge's certificate {Serial} is good until {NotAfter:u} and is renewed from {RenewAt:u} on")]
    private partial void LogHolds(string serial, DateTimeOffset notAfter, DateTimeOffset renewAt);

    [LoggerMessage(1541, LogLevel.Information, "The edge has a new certificate {Serial}, good until {NotAfter:u}")]
    private partial void LogRenewed(string serial, DateTimeOffset notAfter);

    [LoggerMessage(1542, LogLevel.Warning, "The edge's certificate was not renewed, with {DaysLeft:0.0} days left: {Reason}; trying on")]
    private partial void LogFailed(double daysLeft, string reason);
}
