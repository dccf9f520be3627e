using System.Threading.Channels;
using IotProperty.Edge;
using IotProperty.Edge.Alarms;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Storage;
using IotProperty.Hub;
using IotProperty.Hub.Alarms;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.SystemTests.EdgeStore;

/// <summary>The edge's trouble with its own disk, from the store over the edge's alarm rules and outbox to the alarm list of a real hub.</summary>
public sealed class StoreAlarmTests : IAsyncLifetime, IAsyncDisposable
{
    private const string Site = "riverside";

    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-store-alarm-").FullName;
    private readonly FakeTime _time = new();
    private readonly HubHost _hub;
    private readonly IDisposable _lock;
    private readonly EdgeClock _clock;
    private readonly SqliteOutbox _outbox;
    private readonly AlarmService _rules;
    private readonly StoreWatch _watch;
    private volatile Exception? _trouble;

    public StoreAlarmTests()
    {
        DataFolder folder = DataFolder.Open(Path.Combine(_folder, "hub"));
        _lock = folder.Lock();
        _hub = HubHost.Build(new HubSettings(folder.Path, FrontDoorAddress.AnyLoopbackPort, FrontDoorAddress.AnyLoopbackPort), folder, TimeProvider.System);
        _hub.Prepare();

        _clock = new EdgeClock(_time, () => true);
        StoreSeams seams = new()
        {
            Open = Touch,
            Commit = commit =>
            {
                Touch();
                commit();
            },
        };
        _outbox = SqliteOutbox.Open(Path.Combine(_folder, "outbox.db"), Site, new OutboxSettings(), _clock, seams, NullLogger<SqliteOutbox>.Instance);
        SiteConfiguration site = new()
        {
            Id = Site,
            Name = new LocalText(Site, Site),
            TimeZone = TimeZoneInfo.Utc,
            Uplink = new MqttUplinkConfiguration("127.0.0.1", 1, false, "", ""),
            Hash = "",
            Lines = [],
            Alarms = [StoreAlarm.Rule],
        };
        _rules = new AlarmService(site, _outbox, _outbox, _clock, NullLogger<AlarmService>.Instance);
        _watch = new StoreWatch(() => _outbox.Snapshot.Condition, _rules, _outbox, _clock);
    }

    /// <summary>An alarm while nothing can be written reaches the hub as soon as it can, and returns when the store has been well for a minute.</summary>
    [Theory]
    [InlineData("disk I/O error", 10)]
    [InlineData("database or disk is full", 13)]
    public async Task Trouble_of_the_store_stands_in_the_hubs_alarm_list_and_returns(string words, int code)
    {
        await _rules.StartAsync(CancellationToken.None);
        await _watch.StartAsync(CancellationToken.None);
        ChannelReader<OutboundBatch> outbound = await _outbox.ConnectAsync(CancellationToken.None);
        await PassAsync(outbound, async () => (await AlarmsAsync()).Count == 0 && _outbox.Snapshot.Telemetry.Rows == 0 && _time.GetTimestamp() > 0);

        _trouble = new SqliteException(words, code);
        await PassAsync(outbound, () => Task.FromResult(_outbox.Snapshot.Condition == StoreCondition.Unwritable));

        // For some seconds more, so that the rule sees it while it cannot store what it decides.
        for (int second = 0; second < 5; second++)
        {
            await PassASecondAsync(outbound);
        }

        Assert.Empty(await AlarmsAsync());
        _trouble = null;
        await PassAsync(outbound, async () => (await AlarmsAsync()).Count > 0);
        Alarm alarm = Assert.Single(await AlarmsAsync());
        Assert.Equal(
            ("edge-store", "edge", "store", AlarmLevel.Alarm, AlarmState.ActiveUnacknowledged),
            (alarm.Rule, alarm.Device, alarm.Point, alarm.HighestLevel, alarm.State));
        await PassAsync(outbound, async () => (await AlarmsAsync()).Single().State == AlarmState.ReturnedUnacknowledged);
        alarm = Assert.Single(await AlarmsAsync());
        Assert.Equal((AlarmLevel.Normal, AlarmLevel.Alarm), (alarm.Level, alarm.HighestLevel));
        Assert.True(alarm.ReturnedMs - alarm.RaisedMs >= 60_000, $"{alarm.ReturnedMs - alarm.RaisedMs} ms");
    }

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        _trouble = null;
        await _watch.StopAsync(CancellationToken.None);
        await _rules.StopAsync(CancellationToken.None);
        _watch.Dispose();
        _rules.Dispose();
        await _outbox.DisposeAsync();
        await _hub.Application.DisposeAsync();
        _lock.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private void Touch()
    {
        if (_trouble is { } trouble)
        {
            throw trouble;
        }
    }

    private async Task<IReadOnlyList<Alarm>> AlarmsAsync() =>
        [.. (await _hub.Application.Services.GetRequiredService<IAlarmDesk>().ListAsync(Site, activeOnly: false, PageRequest.First, CancellationToken.None)).Items];

    private async Task PassAsync(ChannelReader<OutboundBatch> outbound, Func<Task<bool>> reached)
    {
        for (int seconds = 0; !await reached(); seconds++)
        {
            Assert.True(seconds < 2_000, "it never came about");
            await PassASecondAsync(outbound);
        }
    }

    /// <summary>A second of the edge; the owner of the store answers for it, and what it publishes is taken by the hub and receipted.</summary>
    private async Task PassASecondAsync(ChannelReader<OutboundBatch> outbound)
    {
        for (int step = 0; step < 10; step++)
        {
            _time.Advance(100);

            // Whoever shares a commit of which it is not known whether it was made hears of it when the disk can be read again: nobody waits for that here.
            Task asked = _outbox.SetAsync([], CancellationToken.None).AsTask();
            await Task.WhenAny(asked, Task.Delay(TimeSpan.FromMilliseconds(_trouble is null ? 1_000 : 10), TimeProvider.System));
            Assert.True(asked.Exception is null or { InnerException: OutboxUnavailableException }, asked.Exception?.Message);
        }

        IUplinkIngest ingest = _hub.Application.Services.GetRequiredService<IUplinkIngest>();
        while (outbound.TryRead(out OutboundBatch next))
        {
            Receipt receipt = (await ingest.AcceptAsync(Site, next.Number.Lane, next.Payload, CancellationToken.None)).GetValueOrDefault();
            Assert.Equal(ReceiptStatus.Committed, receipt.Status);
            await _outbox.TakeAsync([receipt], CancellationToken.None);
        }
    }
}
