using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using IotProperty.Hub.Control;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Control;

/// <summary>What commands stand on, over a ledger and an authority of their own: a site whose edge offers a door, a relay and a valve, and a clock that a test moves.</summary>
internal sealed class CommandWorld : IAsyncDisposable
{
    public const string Site = "riverside";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-commands-");
    private readonly List<CommandSender> _senders = [];
    private readonly CommandMeter _meter = new();
    private long _sequence;

    private CommandWorld(LedgerEngine engine, bool withAuthority)
    {
        Database = engine == LedgerEngine.Postgres
            ? new PostgresLedgerDatabase(Task.Run(PostgresLedgers.CreateAsync).GetAwaiter().GetResult(), Time)
            : new SqliteLedgerDatabase(Path.Combine(_folder.FullName, "ledger.db"), Time);
        Database.Prepare();
        Ledger = new Ledger(Database, Live, Time);
        Source = new AuthoritySource(null, DataFolder.Open(_folder.FullName), shared: false, Time);
        Authority = withAuthority ? Source.GetOrCreate() : null;
        Key = new CommandKey(Source, Time);
        Desk = new CommandDesk(Ledger, Key, _meter);
        Events = new EventLedger(Ledger);
    }

    public PausedTime Time { get; } = new();

    /// <summary>What its senders log.</summary>
    public ListLogger<CommandSender> Log { get; } = new();

    public LiveFeed Live { get; } = new();

    public LedgerDatabase Database { get; }

    public Ledger Ledger { get; }

    public AuthoritySource Source { get; }

    public CertificateAuthority? Authority { get; }

    public CommandKey Key { get; }

    public CommandDesk Desk { get; }

    public EventLedger Events { get; }

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public static async Task<CommandWorld> StartAsync(LedgerEngine engine, bool withAuthority = true)
    {
        CommandWorld world = new(engine, withAuthority);
        await world.DeclareAsync(Site);
        return world;
    }

    public static CommandRequest Unlock(string id = "", string device = "door-1", string note = "") => new() { Device = device, Action = OrderedAction.Unlock, Id = id, Note = note };

    public static CommandRequest Switch(SwitchPosition position, string device = "meter-1", string id = "") =>
        new() { Device = device, Action = OrderedAction.Switch, Position = position, Id = id };

    /// <summary>An edge comes and tells what it holds.</summary>
    public async Task DeclareAsync(string site, bool online = true)
    {
        CatalogueDevice Of(string id, string kind, DeviceCommands commands) => new(id, kind, kind, new LocalText(id, id), [], commands);
        SiteCatalogue catalogue = new(
            new LocalText(site, site),
            "Asia/Shanghai",
            [
                Of("door-1", "door", DeviceCommands.Unlock), Of("door-2", "door", DeviceCommands.None), Of("meter-1", "electricity-meter", DeviceCommands.SwitchRelay),
                Of("water-1", "water-meter", DeviceCommands.SwitchValve), Of("both-1", "heat-meter", DeviceCommands.SwitchRelay | DeviceCommands.SwitchValve),
            ],
            []);
        EdgeDirectory edges = new(Ledger, Time);
        await edges.TakeStateAsync(new EdgeState(site, online, 1, "0.1.0", "ab", NowMs, catalogue), default);
        Live.Publish(new LiveEvent(LiveKind.Edge, site, site));
    }

    public async Task<CommandOrder> OrderAsync(CommandRequest request, string by = "wang")
    {
        Result<PlacedCommand> placed = await Desk.OrderAsync(Site, request, by, default);
        Assert.True(placed.Succeeded, placed.Refusal?.ToString());
        return placed.Value.Command.Order;
    }

    /// <summary>The edge's answer arrives, as ingest commits it.</summary>
    public async Task AnswerAsync(string id, CommandOutcome outcome, string detail = "", CommandReason reason = CommandReason.None)
    {
        Batch batch = new()
        {
            Key = new BatchKey(Site, 1, Lane.Event, ++_sequence),
            CommandResults = [new CommandResult(id, outcome, reason, detail, NowMs, true)],
        };
        LedgerCommit commit = await Events.CommitAsync(batch, SHA256.HashData(Encoding.UTF8.GetBytes(batch.Key.ToString())).AsMemory(0, 16), default);
        Assert.Equal(CommitOutcome.Committed, commit.Outcome);
        foreach (LiveEvent change in commit.Changes)
        {
            Live.Publish(change);
        }
    }

    public async Task<CommandState> StateAsync(string id) => (await Desk.FindAsync(Site, id, default))!.StateAt(NowMs);

    public async Task<CommandSender> SendByAsync(IDownlink downlink)
    {
        CommandSender sender = new(Ledger, Key, downlink, Live, _meter, Time, Log);
        _senders.Add(sender);
        await sender.StartAsync(default);
        return sender;
    }

    /// <summary>What an edge that trusts this hub's authority reads of a payload.</summary>
    public SiteCommand Read(Sent sent)
    {
        Decoded<SignedCommand> envelope = SignedCommand.Decode(sent.Payload);
        Assert.True(envelope.Value is not null, envelope.Why);
        Decoded<SiteCommand> command = envelope.Value.Open([.. Authority!.Chain], Time.GetUtcNow());
        Assert.True(command.Value is not null, command.Why);
        return command.Value;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (CommandSender sender in _senders)
        {
            await sender.StopAsync(default);
            sender.Dispose();
        }

        Key.Dispose();
        Source.Dispose();
        Ledger.Dispose();
        if (Database is PostgresLedgerDatabase postgres)
        {
            postgres.Dispose();
            await PostgresLedgers.DropAsync(postgres.Settings);
        }
        else
        {
            using Microsoft.Data.Sqlite.SqliteConnection connection = new(((SqliteLedgerDatabase)Database).ConnectionString);
            Microsoft.Data.Sqlite.SqliteConnection.ClearPool(connection);
        }

        _folder.Delete(recursive: true);
    }
}

/// <summary>A message that was published.</summary>
internal sealed record Sent(string Site, string Topic, byte[] Payload);

/// <summary>The way to an edge as a test scripts it: each try gets the next outcome, the last of them again and again; null: no word comes until the sender gives up.</summary>
internal sealed class ScriptedDownlink(params DownlinkOutcome?[] script) : IDownlink
{
    private readonly Channel<Sent> _sent = Channel.CreateUnbounded<Sent>();
    private readonly ConcurrentQueue<TaskCompletionSource<DownlinkResult>> _held = new();
    private int _tries;

    public int Tries => Volatile.Read(ref _tries);

    public async Task<Sent> NextAsync() => await _sent.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Gives the oldest try that waits its word.</summary>
    public void Say(DownlinkOutcome outcome)
    {
        Assert.True(_held.TryDequeue(out TaskCompletionSource<DownlinkResult>? held), "nothing waits for a word");
        held.SetResult(new DownlinkResult(outcome, MqttReasonCode.Success));
    }

    public ValueTask<DownlinkResult> PublishAsync(string site, string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        int at = Math.Min(Interlocked.Increment(ref _tries), script.Length) - 1;
        TaskCompletionSource<DownlinkResult>? held = null;
        if (script[at] is null)
        {
            _held.Enqueue(held = new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        _sent.Writer.TryWrite(new Sent(site, topic, payload.ToArray()));
        return held is null
            ? ValueTask.FromResult(new DownlinkResult(script[at]!.Value, MqttReasonCode.Success))
            : new ValueTask<DownlinkResult>(held.Task.WaitAsync(cancellationToken));
    }
}

/// <summary>A clock that stands until it is moved, and tells when the sender has begun to wait for its next try.</summary>
internal sealed class PausedTime : TimeProvider
{
    private readonly FakeTime _time = new();
    private readonly Channel<bool> _pauses = Channel.CreateUnbounded<bool>();

    public override long TimestampFrequency => _time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _time.GetUtcNow();

    public override long GetTimestamp() => _time.GetTimestamp();

    public void Advance(TimeSpan by) => _time.Advance(by);

    /// <summary>When the sender pauses, its pause goes by.</summary>
    public async Task PassPauseAsync()
    {
        await _pauses.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        _time.Advance(CommandSender.RetryEvery);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = _time.CreateTimer(callback, state, dueTime, period);
        if (dueTime == CommandSender.RetryEvery)
        {
            _pauses.Writer.TryWrite(true);
        }

        return timer;
    }
}
