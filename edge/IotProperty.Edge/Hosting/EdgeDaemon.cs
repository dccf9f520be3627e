using System.Net;
using System.Reflection;
using IotProperty.Edge.Access;
using IotProperty.Edge.Alarms;
using IotProperty.Edge.Control;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Enrolment;
using IotProperty.Edge.Health;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Storage;
using IotProperty.Edge.Uplink;
using IotProperty.Edge.Uplink.Azure;
using IotProperty.Protocols.AzureIotHub;
using IotProperty.Protocols.Uplink;
using IotProperty.Tracing;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Hosting;

/// <summary>
/// The running edge: makes the parts, starts them in the order in which they need each other, watches that none ends, and stops them so that nothing that
/// was read is lost. <see cref="OpenAsync"/>, then <see cref="RunAsync"/> once, then dispose.
/// </summary>
/// <remarks>Composed by hand and not by a generic host: the first sample must be out within a second and a half, and there is nothing to configure.</remarks>
public sealed class EdgeDaemon : IAsyncDisposable
{
    /// <summary>All of a stop; systemd is told to wait for longer.</summary>
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(4.5);

    /// <summary>Receipts come by way of IoT Hub and whoever reads it, and every message to a device counts: asking again too early costs twice.</summary>
    private const int AzureReceiptTimeoutMs = 60_000;

    private readonly SiteConfiguration _site;
    private readonly EdgeClock _clock;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<EdgeDaemon> _logger;
    private readonly SystemdNotifier _systemd;
    private readonly SqliteOutbox _outbox;
    private readonly AlarmService _alarms;
    private readonly AccessService _access;
    private readonly ReadingService _readings;
    private readonly CommandService _commands;
    private readonly UplinkService _uplink;
    private readonly ClockWatch _clockWatch;
    private readonly IdentityKeeper? _identity;
    private readonly DiagnosticsService? _diagnostics;
    private readonly StoreWatch _storeWatch;
    private readonly List<ILineDriver> _drivers = [];
    private readonly List<LineRunner> _lines = [];
    private bool _outboxDisposed;

    private EdgeDaemon(SiteConfiguration site, UplinkSecrets secrets, CommandTrust trust, string dataFolder, SqliteOutbox outbox, EdgeClock clock, ILoggerFactory loggers, SystemdNotifier systemd)
    {
        _site = site;
        _outbox = outbox;
        _clock = clock;
        _loggers = loggers;
        _logger = loggers.CreateLogger<EdgeDaemon>();
        _systemd = systemd;
        _identity = secrets.Identity;
        _clockWatch = new ClockWatch(clock, outbox.ClockStepped, loggers.CreateLogger<ClockWatch>());
        LineWriter writer = new();
        _alarms = new AlarmService(site with { Alarms = [.. site.Alarms, StoreAlarm.Rule] }, outbox, outbox, clock, loggers.CreateLogger<AlarmService>());
        _access = new AccessService(site, FingerprintKeyFile.ReadOrCreate(dataFolder), outbox, outbox, writer, clock, loggers.CreateLogger<AccessService>());
        _readings = new ReadingService(outbox, clock.Time, loggers.CreateLogger<ReadingService>());
        _commands = new CommandService(site, trust, _access, writer, outbox, outbox, clock, loggers.CreateLogger<CommandService>());
        (UplinkOptions uplink, IMqttConnector connector) = OpenUplink(site, secrets, clock);
        _uplink = new UplinkService(uplink, connector, outbox, _commands, clock, NewRandom(), loggers.CreateLogger<UplinkService>());
        LineSinks sinks = new([_alarms, _access], _access, _readings, outbox);
        foreach (LineConfiguration line in site.Lines)
        {
            ILineDriver driver = LineDrivers.Open(line, dataFolder, clock.Time, NewRandom(), loggers);
            _drivers.Add(driver);
            _lines.Add(new LineRunner(line, site.TimeZone, driver, sinks, clock, loggers.CreateLogger<LineRunner>()));
        }

        writer.Connect(_lines);
        _storeWatch = new StoreWatch(() => outbox.Snapshot.Condition, _alarms, outbox, clock);
        _diagnostics = site.DiagnosticsEverySeconds == 0 ? null : new DiagnosticsService(_lines, site.DiagnosticsEverySeconds, outbox, clock);
    }

    /// <summary>The program's version, as its build names it.</summary>
    public static string Version { get; } =
        typeof(EdgeDaemon).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>This run's boot epoch.</summary>
    public long Epoch => _outbox.Epoch;

    /// <summary>What became of the traces, for <c>/metrics</c>; null without them. Set before <see cref="RunAsync"/>.</summary>
    internal TraceCounters? Traces { get; set; }

    /// <summary>
    /// Opens the store and makes the parts; nothing runs yet. Throws <see cref="OutboxUnavailableException"/>, <see cref="IOException"/>,
    /// <see cref="UnauthorizedAccessException"/> or <see cref="InvalidDataException"/> with the reason when the data folder cannot be used.
    /// </summary>
    public static async Task<EdgeDaemon> OpenAsync(
        SiteConfiguration site, UplinkSecrets secrets, CommandTrust trust, string dataFolder, EdgeClock clock, ILoggerFactory loggers, SystemdNotifier systemd)
    {
        ArgumentNullException.ThrowIfNull(site);
        ArgumentNullException.ThrowIfNull(secrets);
        OutboxSettings settings = new()
        {
            FlushMs = site.Outbox.FlushMs,
            MaxBytes = site.Outbox.MaxBytes,
            Window = site.Outbox.Window,
            TallySeconds = site.Outbox.TallySeconds,
            MaxBatchBytes = site.Uplink.MaxPayloadBytes,
        };
        if (site.Uplink is AzureUplinkConfiguration)
        {
            settings = settings with { ReceiptTimeoutMs = AzureReceiptTimeoutMs, MaxReceiptTimeoutMs = 10 * AzureReceiptTimeoutMs };
        }

        SqliteOutbox outbox = SqliteOutbox.Open(Path.Combine(dataFolder, "outbox.db"), site.Id, settings, clock, loggers.CreateLogger<SqliteOutbox>());
        try
        {
            return new EdgeDaemon(site, secrets, trust, dataFolder, outbox, clock, loggers, systemd);
        }
        catch
        {
            await outbox.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs until <paramref name="stop"/> is cancelled. False when a part ended by itself.</summary>
    /// <param name="ready">Told once, when all parts run, where health listens; null when it does not.</param>
    public async Task<bool> RunAsync(Action<IPEndPoint?> ready, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(ready);
        using CancellationTokenSource lines = new();
        using CancellationTokenSource uplink = new();
        // First, because connecting takes longest and the first sample waits for it.
        Task uplinkTask = Task.Run(() => _uplink.RunAsync(uplink.Token), CancellationToken.None);
        Task clockTask = Task.Run(() => _clockWatch.RunAsync(uplink.Token), CancellationToken.None);
        Task identityTask = _identity is { } keeper ? Task.Run(() => keeper.RunAsync(uplink.Token), CancellationToken.None) : Task.CompletedTask;
        await _alarms.StartAsync(CancellationToken.None);
        await _access.StartAsync(CancellationToken.None);
        await _readings.StartAsync(CancellationToken.None);
        await _commands.StartAsync(CancellationToken.None);
        await (_diagnostics?.StartAsync(CancellationToken.None) ?? Task.CompletedTask);
        await _storeWatch.StartAsync(CancellationToken.None);
        List<(string Name, Task Task)> parts = [.. _lines.Select(line => ($"line {line.Line.Id}", Task.Run(() => line.RunAsync(lines.Token), CancellationToken.None)))];
        List<Task> lineTasks = [.. parts.Select(part => part.Task)];
        parts.AddRange([("uplink", uplinkTask), ("store", _outbox.Completion), ("alarm rules", _alarms.ExecuteTask!), ("readings", _readings.ExecuteTask!), ("commands", _commands.ExecuteTask!), ("store watch", _storeWatch.ExecuteTask!), ("clock watch", clockTask)]);
        if (_identity is not null)
        {
            parts.Add(("certificate", identityTask));
        }

        if (_diagnostics is not null)
        {
            parts.Add(("line reports", _diagnostics.ExecuteTask!));
        }

        if (_site.Devices.Any(device => device.Profile.Access is not null))
        {
            // Without a door there is nothing to run, and that it is over is no fault.
            parts.Add(("doors", _access.ExecuteTask!));
        }

        _logger.Runs(Version, _site.Id, _lines.Count, _site.Devices.Count(), _outbox.Epoch);
        HealthServer? health = await StartHealthAsync();
        Task watchdog = new Watchdog(_systemd, _lines, _clock, _loggers.CreateLogger<Watchdog>()).RunAsync(lines.Token);
        ready(health?.EndPoint);
        _systemd.Ready($"{_lines.Count} lines, {_site.Devices.Count()} devices");

        bool wellRun = await WaitAsync(parts, stop);
        long stopping = _clock.Now().MonotonicMs;
        _logger.Stopping();
        _systemd.Stopping();
        await StopAsync(lines, uplink, [.. lineTasks, watchdog], Task.WhenAll(uplinkTask, clockTask, identityTask), health);
        _logger.Stopped(_clock.Now().MonotonicMs - stopping);
        return wellRun;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ILineDriver driver in _drivers)
        {
            await driver.DisposeAsync();
        }

        _alarms.Dispose();
        _access.Dispose();
        _readings.Dispose();
        _commands.Dispose();
        _diagnostics?.Dispose();
        _storeWatch.Dispose();
        if (!_outboxDisposed)
        {
            _outboxDisposed = true;
            await _outbox.DisposeAsync();
        }
    }

    private async Task<bool> WaitAsync(List<(string Name, Task Task)> parts, CancellationToken stop)
    {
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = stop.Register(stopped.SetResult);
        Task ended = await Task.WhenAny([stopped.Task, .. parts.Select(part => part.Task)]);
        if (ended == stopped.Task)
        {
            return true;
        }

        _logger.PartEnded(ended.Exception?.InnerException, parts.First(part => part.Task == ended).Name);
        return false;
    }

    private async Task<HealthServer?> StartHealthAsync()
    {
        if (_site.Health is not { } health)
        {
            return null;
        }

        EdgeParts parts = new(
            _site, Version, _clock, _lines, () => _uplink.Snapshot, () => _alarms.Counters, () => _access.Counters, () => _commands.Counters, _readings, _clockWatch,
            () => !_outbox.Completion.IsCompleted)
        {
            Traces = Traces,
            Certificate = _identity is { } keeper ? () => keeper.Snapshot : null,
        };
        try
        {
            HealthServer server = await HealthServer.StartAsync(health.Listen, parts, _loggers, CancellationToken.None);
            _logger.Health(server.EndPoint.ToString());
            return server;
        }
        catch (IOException taken)
        {
            // A taken port is no reason to leave a building unwatched.
            _logger.NoHealth(health.Listen.ToString(), taken.Message);
            return null;
        }
    }

    /// <summary>From the source to the disk: nothing is stopped before those who feed it.</summary>
    private async Task StopAsync(CancellationTokenSource lines, CancellationTokenSource uplink, Task[] lineTasks, Task uplinkTask, HealthServer? health)
    {
        using CancellationTokenSource patience = new(StopWithin, _clock.Time);
        await WaitForAsync("store watch", _storeWatch.StopAsync(patience.Token), patience.Token);
        await WaitForAsync("line reports", _diagnostics?.StopAsync(patience.Token) ?? Task.CompletedTask, patience.Token);
        await WaitForAsync("commands", _commands.StopAsync(patience.Token), patience.Token);
        await lines.CancelAsync();
        await WaitForAsync("lines", Task.WhenAll(lineTasks), patience.Token);
        _readings.Complete();
        await WaitForAsync("readings", _readings.ExecuteTask!, patience.Token);
        await WaitForAsync("alarm rules", _alarms.StopAsync(patience.Token), patience.Token);
        await WaitForAsync("doors", _access.StopAsync(patience.Token), patience.Token);
        await uplink.CancelAsync();
        await WaitForAsync("uplink", uplinkTask, patience.Token);
        _outboxDisposed = true;
        await WaitForAsync("store", _outbox.DisposeAsync().AsTask(), patience.Token);
        if (health is not null)
        {
            await health.DisposeAsync();
        }
    }

    private async Task WaitForAsync(string part, Task task, CancellationToken patience)
    {
        try
        {
            await task.WaitAsync(patience);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            _logger.DidNotStop(part);
        }
        catch (Exception e) when (task.IsFaulted)
        {
            // A part that broke ends the run by itself; here it only must not keep the others from being stopped.
            _logger.PartEnded(e, part);
        }
    }

    private static (UplinkOptions Options, IMqttConnector Connector) OpenUplink(SiteConfiguration site, UplinkSecrets secrets, EdgeClock clock)
    {
        MqttConnector connector = new(clock.Time);
        SiteCatalogue catalogue = CatalogueOf(site);
        switch (site.Uplink)
        {
            case MqttUplinkConfiguration mqtt:
                UplinkOptions plain = new(site.Id, mqtt.Host, mqtt.Port, mqtt.Tls, mqtt.User, secrets.Secret, Version, site.Hash, catalogue)
                {
                    Identity = secrets.Identity is { } keeper ? () => keeper.Current : null,
                    TrustedRoots = secrets.Roots,
                };
                return (plain, connector);
            case AzureUplinkConfiguration azure:
                AzureDeviceIdentity identity = AzureDeviceIdentity.TryParse(secrets.Secret, out AzureDeviceIdentity? parsed, out string why)
                    ? parsed
                    : throw new InvalidDataException($"the connection string in {azure.ConnectionStringFile} {why}");
                AzureLinkOptions link = new(site.Id, identity, $"iotp-edge/{Version}")
                {
                    Host = azure.Host,
                    Port = azure.Port,
                    TrustedRoots = secrets.Roots,
                    AcknowledgementIsReceipt = azure.AcknowledgementIsReceipt,
                    TokenLifetime = TimeSpan.FromMinutes(azure.TokenMinutes),
                };
                UplinkOptions options = new(site.Id, azure.Host ?? identity.HostName, azure.Port, Tls: true, "", "", Version, site.Hash, catalogue);
                return (options, new AzureConnector(link, connector, clock, NewRandom()));
            default:
                throw new ArgumentOutOfRangeException(nameof(site), site.Uplink, "not an uplink that this edge knows");
        }
    }

    private static SiteCatalogue CatalogueOf(SiteConfiguration site)
    {
        SiteCatalogue catalogue = SiteCatalogues.Of(site);
        AlarmRuleConfiguration rule = StoreAlarm.Rule;
        return catalogue with
        {
            Devices = [.. catalogue.Devices, StoreAlarm.Catalogue],
            Rules = [.. catalogue.Rules, new CatalogueRule(rule.Id, rule.Point, rule.Name, RuleDirection.Above, rule.Warning, rule.Alarm)],
        };
    }

    /// <summary>Jitter must differ between edges that restart together, so its seed comes from the system.</summary>
    private static Random NewRandom() => new(System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue));
}
