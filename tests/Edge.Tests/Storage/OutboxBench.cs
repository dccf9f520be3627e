using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Storage;

/// <summary>An outbox on a temporary folder under a clock that stands still, with a hub's end of the line.</summary>
internal sealed class OutboxBench : IAsyncDisposable
{
    public const string Site = "riverside";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-outbox-").FullName;
    private readonly StoreSeams _seams;
    private ChannelReader<OutboundBatch>? _outbound;
    private int _copies;
    private string _lastCopy = "";

    public OutboxBench(OutboxSettings? settings = null, bool isSynchronised = true, StoreSeams? seams = null)
    {
        _seams = seams ?? StoreSeams.None;
        IsSynchronised = isSynchronised;
        Settings = settings ?? new OutboxSettings { FlushMs = 250 };
        Path = System.IO.Path.Combine(_folder, "outbox.db");
        Outbox = Open(Path);
    }

    public FakeTime Time { get; } = new();

    public OutboxSettings Settings { get; }

    public string Path { get; private set; }

    public SqliteOutbox Outbox { get; private set; }

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public static AlarmTransition Transition(string occurrence, string rule = "low") =>
        new(occurrence, 0, rule, new PointRef("pump-1", "pressure"), AlarmLevel.Normal, AlarmLevel.Alarm, AlarmCause.Limit, 5, 0.3, 0.35, true);

    public Sample Sample(double value, string point = "pressure") => new(new PointRef("pump-1", point), Clock.Now().UtcMs, value, Quality.Good, Clock.Now().ClockTrusted);

    /// <summary>What the kernel says of the clock.</summary>
    public bool IsSynchronised { get; set; }

    /// <summary>The clock of the outbox that was opened last.</summary>
    public EdgeClock Clock { get; private set; } = null!;

    /// <summary>All tallies that the hub got, the highest revision of each hour.</summary>
    public Dictionary<(long Epoch, Lane Lane, long HourMs), HourTally> Tallies { get; } = [];

    public SqliteOutbox Open(string path)
    {
        Clock = new EdgeClock(Time, () => IsSynchronised);
        return SqliteOutbox.Open(path, Site, Settings, Clock, _seams, NullLogger<SqliteOutbox>.Instance);
    }

    /// <summary>What a SIGKILL just now would leave behind, opened by the next start: the files as they are, without a word to the running outbox.</summary>
    public SqliteOutbox OpenAsAfterKill() => Open(_lastCopy = CopyAsAfterKill());

    /// <summary>The files of a SIGKILL, not opened yet.</summary>
    public string CopyAsAfterKill()
    {
        string copy = System.IO.Path.Combine(_folder, $"killed-{_copies++}.db");
        Copy(Path, copy);
        return copy;
    }

    /// <summary>Copies a store, its log and the notes beside it, over what is there.</summary>
    public static void Copy(string from, string to)
    {
        foreach ((string source, string target) in (ReadOnlySpan<(string, string)>)[(from, to), (from + "-wal", to + "-wal"), (NotesOf(from), NotesOf(to))])
        {
            File.Delete(target);
            if (File.Exists(source))
            {
                File.Copy(source, target);
            }
        }
    }

    public static string NotesOf(string path) => System.IO.Path.ChangeExtension(path, ".commits");

    public async Task RestartAsync()
    {
        await Outbox.DisposeAsync();
        _outbound = null;
        Outbox = Open(Path);
    }

    /// <summary>Goes on with what a SIGKILL just now leaves behind.</summary>
    public async Task ContinueAfterKillAsync()
    {
        SqliteOutbox next = OpenAsAfterKill();
        await Outbox.DisposeAsync();
        (Outbox, Path, _outbound) = (next, _lastCopy, null);
    }

    public bool IsConnected => _outbound is not null;

    public async Task ConnectAsync() => _outbound = await Outbox.ConnectAsync(CancellationToken.None);

    /// <summary>The next batch that the outbox publishes; tallies are received and taken on the way.</summary>
    public async Task<Batch> NextAsync()
    {
        while (true)
        {
            Batch batch = await NextAsync(_outbound!);
            if (batch.Tallies.IsEmpty)
            {
                return batch;
            }

            await TakeTalliesAsync(batch);
        }
    }

    public static async Task<Batch> NextAsync(ChannelReader<OutboundBatch> outbound)
    {
        OutboundBatch next = await outbound.ReadAsync().AsTask().WaitAsync(Patience);
        DecodedBatch decoded = BatchCodec.Decode(next.Payload.Span);
        Assert.Equal("", decoded.Why);
        Batch batch = decoded.Batch!;
        Assert.Equal(next.Number, new BatchNumber(batch.Key.Epoch, batch.Key.Lane, batch.Key.Sequence));
        Assert.Equal(Site, batch.Key.Site);
        return batch;
    }

    /// <summary>Nothing but tallies is published by what was asked of the outbox so far.</summary>
    public async Task NothingAsync() => Assert.Empty(await AllAsync());

    /// <summary>Receives all that is published, and whatever is published as it is received.</summary>
    public async Task<List<Batch>> AllAsync(bool receipts = false)
    {
        List<Batch> all = [];
        await SettleAsync();
        while (_outbound!.TryRead(out OutboundBatch next))
        {
            Batch batch = BatchCodec.Decode(next.Payload.Span).Batch!;
            if (!batch.Tallies.IsEmpty)
            {
                await TakeTalliesAsync(batch);
                continue;
            }

            all.Add(batch);
            if (receipts)
            {
                await ReceiptAsync(batch);
                await SettleAsync();
            }
        }

        return all;
    }

    private async Task TakeTalliesAsync(Batch batch)
    {
        Assert.Equal(batch.RecordCount, batch.Tallies.Length);
        foreach (HourTally tally in batch.Tallies)
        {
            (long, Lane, long) key = (tally.Epoch, tally.Lane, tally.HourMs);
            if (!Tallies.TryGetValue(key, out HourTally? known) || known.Revision < tally.Revision)
            {
                Tallies[key] = tally;
            }
        }

        await ReceiptAsync(batch);
        await SettleAsync();
    }

    public ValueTask ReceiptAsync(Batch batch, ReceiptStatus status = ReceiptStatus.Committed, string reason = "") =>
        Outbox.TakeAsync([new Receipt(batch.Key, status, reason)], CancellationToken.None);

    /// <summary>The owner works its messages off in order: when it has answered this one, it has done all before it.</summary>
    public Task SettleAsync() => Outbox.SetAsync([], CancellationToken.None).AsTask().WaitAsync(Patience);

    /// <summary>The wall clock is stepped, and the watch finds it.</summary>
    public async Task StepAsync(TimeSpan by, bool isSynchronised)
    {
        Time.StepWallClock(by);
        IsSynchronised = isSynchronised;
        Assert.NotNull(Clock.Look().Step);
        Outbox.ClockStepped();
        await SettleAsync();
    }

    /// <summary>Lets time pass and the owner act on it.</summary>
    public async Task PassAsync(long ms)
    {
        Time.Advance(ms);
        await SettleAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Outbox.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
