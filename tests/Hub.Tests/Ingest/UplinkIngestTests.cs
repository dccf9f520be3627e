using System.Diagnostics;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tracing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging;

namespace IotProperty.Hub.Tests.Ingest;

public sealed class UplinkIngestTests : IDisposable
{
    private const string Site = "riverside";
    private readonly Room _room = new();
    private readonly IngestMeter _meter = new();
    private readonly UplinkIngest _ingest;

    public UplinkIngestTests() => _ingest = new(_room, _room, _room, _room, _meter, new FakeTime(), _room);

    public void Dispose() => _meter.Dispose();

    [Fact]
    public async Task Samples_go_to_the_telemetry_store_and_are_told_after_the_commit()
    {
        Receipt? receipt = await AcceptAsync(Telemetry(1));
        Assert.Equal(new Receipt(new(Site, 7, Lane.Telemetry, 1), ReceiptStatus.Committed, ""), receipt);
        Assert.Equal(["heard riverside", "telemetry 1", "live Telemetry riverside "], _room.Told);
    }

    [Theory]
    [InlineData(Lane.Event)]
    [InlineData(Lane.Reading)]
    public async Task Events_and_readings_go_to_the_ledger_which_says_what_changed(Lane lane)
    {
        _room.Changes = [new(LiveKind.Alarm, Site, "a-1"), new(LiveKind.WorkOrder, Site, "w-1")];
        Receipt? receipt = await AcceptAsync(lane == Lane.Event ? Event(4) : Reading(4));
        Assert.Equal(ReceiptStatus.Committed, receipt!.Value.Status);
        Assert.Equal(["heard riverside", $"ledger {lane} 4", "live Alarm riverside a-1", "live WorkOrder riverside w-1"], _room.Told);
    }

    [Fact]
    public async Task The_same_bytes_have_the_same_hash_and_others_another()
    {
        await AcceptAsync(Telemetry(1));
        await AcceptAsync(Telemetry(1));
        await AcceptAsync(Telemetry(1, value: 2));
        Assert.All(_room.Hashes, hash => Assert.Equal(UplinkIngest.ContentHashBytes, hash.Length));
        Assert.Equal(_room.Hashes[0], _room.Hashes[1]);
        Assert.NotEqual(_room.Hashes[0], _room.Hashes[2]);
    }

    [Theory]
    [InlineData(Lane.Telemetry)]
    [InlineData(Lane.Event)]
    public async Task A_repeated_batch_gets_its_receipt_again_and_nobody_is_told(Lane lane)
    {
        _room.Outcome = CommitOutcome.Duplicate;
        Receipt? receipt = await AcceptAsync(lane == Lane.Event ? Event(4) : Telemetry(4));
        Assert.Equal(ReceiptStatus.Committed, receipt!.Value.Status);
        Assert.DoesNotContain(_room.Told, told => told.StartsWith("live", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Lane.Telemetry)]
    [InlineData(Lane.Event)]
    public async Task A_collision_of_keys_is_refused_with_the_reason_and_logged(Lane lane)
    {
        _room.Outcome = CommitOutcome.KeyCollision;
        Receipt? receipt = await AcceptAsync(lane == Lane.Event ? Event(4) : Telemetry(4));
        Assert.Equal(ReceiptStatus.Refused, receipt!.Value.Status);
        Assert.Contains("another batch was committed under this key", receipt.Value.Reason, StringComparison.Ordinal);
        Assert.Contains(_room.Logged, line => line.Contains("is refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_batch_of_another_site_is_refused_and_reaches_no_store()
    {
        Receipt? receipt = await _ingest.AcceptAsync("hillside", Lane.Telemetry, BatchCodec.Encode(Telemetry(1)), default);
        Assert.Equal((ReceiptStatus.Refused, Site), (receipt!.Value.Status, receipt.Value.Key.Site));
        Assert.Contains("\"hillside\"", receipt.Value.Reason, StringComparison.Ordinal);
        Assert.Empty(_room.Told);
    }

    [Fact]
    public async Task A_batch_of_another_lane_is_refused_and_reaches_no_store()
    {
        Receipt? receipt = await _ingest.AcceptAsync(Site, Lane.Event, BatchCodec.Encode(Telemetry(1)), default);
        Assert.Equal(ReceiptStatus.Refused, receipt!.Value.Status);
        Assert.Contains("lane telemetry", receipt.Value.Reason, StringComparison.Ordinal);
        Assert.Empty(_room.Told);
    }

    [Fact]
    public async Task A_payload_that_names_no_batch_gets_no_receipt_and_a_log_line()
    {
        byte[] torn = BatchCodec.Encode(Telemetry(1))[..^1];
        Assert.Null(await _ingest.AcceptAsync(Site, Lane.Telemetry, torn, default));
        Assert.Null(await _ingest.AcceptAsync(Site, Lane.Telemetry, ReadOnlyMemory<byte>.Empty, default));
        Assert.Equal(2, _room.Logged.Count(line => line.Contains("cannot be read", StringComparison.Ordinal)));
        Assert.Empty(_room.Told);
    }

    [Fact]
    public async Task A_store_that_cannot_commit_gives_no_receipt_and_is_logged_once_until_it_works_again()
    {
        _room.Failure = new IOException("no space left on device");
        Assert.Null(await AcceptAsync(Telemetry(1)));
        Assert.Null(await AcceptAsync(Telemetry(2)));
        Assert.Null(await AcceptAsync(Event(1)));
        _room.Failure = null;
        Assert.NotNull(await AcceptAsync(Telemetry(1)));
        Assert.Equal(
            ["The telemetry lane cannot be committed", "The event lane cannot be committed", "The telemetry lane is committed again"],
            _room.Logged.Select(line => line.Split(';')[0]));
    }

    /// <summary>Refused by name, said, counted, and the same lane goes on; the edge puts such a batch aside and declares it.</summary>
    [Theory]
    [InlineData(Lane.Telemetry, "the point of a sample")]
    [InlineData(Lane.Event, "the rule of an alarm transition")]
    [InlineData(Lane.Reading, "the unit of a reading")]
    public async Task A_batch_with_text_that_no_database_keeps_is_refused_and_the_lane_goes_on(Lane lane, string what)
    {
        using MetricsText metrics = new();
        long before = Refused(metrics, lane);
        Batch poisoned = lane switch
        {
            Lane.Telemetry => Telemetry(1) with { Samples = [Telemetry(1).Samples[0] with { Point = new("lift-1", "spe\0ed") }] },
            Lane.Event => Event(1) with { Transitions = [Event(1).Transitions[0] with { Rule = "ru\0le" }] },
            _ => Reading(1) with { Readings = [Reading(1).Readings[0] with { Unit = "kW\0h" }] },
        };
        Receipt? receipt = await AcceptAsync(poisoned);
        Assert.Equal(
            new Receipt(poisoned.Key, ReceiptStatus.Refused, $"it can never be stored: {what} holds the character U+0000, which no database can keep as text"), receipt);
        Assert.Equal(["heard riverside"], _room.Told);
        Assert.Contains("is refused: it can never be stored", Assert.Single(_room.Logged), StringComparison.Ordinal);
        Assert.Equal(before + 1, Refused(metrics, lane));
        Batch next = lane switch { Lane.Telemetry => Telemetry(2), Lane.Event => Event(2), _ => Reading(2) };
        Assert.Equal(ReceiptStatus.Committed, (await AcceptAsync(next))!.Value.Status);
    }

    [Fact]
    public async Task Answers_to_commands_are_counted_once_by_outcome_and_reason()
    {
        const string Expired = "iotp_command_answers_total{outcome=\"expired\",reason=\"no-time-left\"}";
        const string Failed = "iotp_command_answers_total{outcome=\"failed\",reason=\"not-confirmed\"}";
        using MetricsText metrics = new();
        Batch answers = Event(1) with
        {
            CommandResults =
            [
                new("c-1", CommandOutcome.Expired, CommandReason.NoTimeLeft, "", 1000, true),
                new("c-2", CommandOutcome.Failed, CommandReason.NotConfirmed, "", 1000, true),
                new("c-3", CommandOutcome.Failed, CommandReason.NotConfirmed, "", 1000, true),
            ],
        };
        await AcceptAsync(answers);
        Assert.Equal((1, 2), (Count(metrics, Expired), Count(metrics, Failed)));
        _room.Outcome = CommitOutcome.Duplicate;
        await AcceptAsync(answers);
        Assert.Equal((1, 2), (Count(metrics, Expired), Count(metrics, Failed)));
    }

    [Fact]
    public async Task A_batch_that_its_store_can_never_hold_is_refused_with_the_stores_reason_and_is_no_outage()
    {
        _room.Failure = new UnstorableBatchException("its samples are older than the server keeps");
        Receipt? receipt = await AcceptAsync(Telemetry(1));
        Assert.Equal((ReceiptStatus.Refused, "it can never be stored: its samples are older than the server keeps"), (receipt!.Value.Status, receipt.Value.Reason));
        Assert.Contains("is refused", Assert.Single(_room.Logged), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_of_a_state_that_no_database_keeps_is_replaced()
    {
        SiteCatalogue catalogue = new(new LocalText("River\0side", "滨江"), "UTC", [new CatalogueDevice("pump-1", "fire-pump", "p", new LocalText("Pump\0", null), [])], []);
        await _ingest.AcceptStateAsync(Site, EdgeStateCodec.Encode(new(Site, true, 7, "0.\0", "00", 1, catalogue)), default);
        Assert.Equal(("0.\uFFFD", "River\uFFFDside", "Pump\uFFFD"), (_room.State!.Version, _room.State.Catalogue!.Name.En, _room.State.Catalogue.Devices[0].Name.En));
    }

    [Fact]
    public async Task A_cancelled_call_is_no_failure_of_the_store()
    {
        _room.Failure = new OperationCanceledException();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await AcceptAsync(Telemetry(1)));
        Assert.Empty(_room.Logged);
    }

    [Fact]
    public async Task A_state_message_reaches_the_directory_and_those_who_watch()
    {
        await _ingest.AcceptStateAsync(Site, EdgeStateCodec.Encode(new(Site, true, 7, "0.1.0", "00", 1, null)), default);
        Assert.Equal(["state True 7", "live Edge riverside riverside"], _room.Told);
    }

    [Fact]
    public async Task A_state_message_that_changes_nothing_is_not_told()
    {
        _room.StateIsNews = false;
        await _ingest.AcceptStateAsync(Site, EdgeStateCodec.Encode(new(Site, false, 6, "0.1.0", "00", 1, null)), default);
        Assert.Equal(["state False 6"], _room.Told);
    }

    [Fact]
    public async Task A_state_message_of_another_site_or_of_noise_is_ignored_and_logged()
    {
        await _ingest.AcceptStateAsync(Site, EdgeStateCodec.Encode(new("hill\nside", true, 7, "0.1.0", "00", 1, null)), default);
        await _ingest.AcceptStateAsync(Site, new byte[] { 1, 2, 3 }, default);
        Assert.Empty(_room.Told);
        Assert.Equal(2, _room.Logged.Count);
        Assert.DoesNotContain(_room.Logged, line => line.Contains('\n', StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_overview_of_batches_covers_both_stores()
    {
        _room.LedgerSpans = [new(8, Lane.Event, 1, 1, 1), new(7, Lane.Reading, 2, 1, 2)];
        _room.TelemetrySpans = [new(7, Lane.Telemetry, 3, 1, 3)];
        IReadOnlyList<BatchSpan> spans = await new BatchOverview(_room, _room).ReadAsync(Site, default);
        Assert.Equal([(7L, Lane.Reading), (7L, Lane.Telemetry), (8L, Lane.Event)], spans.Select(span => (span.Epoch, span.Lane)));
    }

    [Fact]
    public async Task A_batch_goes_on_with_the_trace_that_it_bears_and_so_does_the_news_of_it()
    {
        using RecordedSpans spans = new(HubTraces.SourceName, roots: false);
        using Activity stored = Stored();
        await AcceptAsync(Telemetry(1) with { Trace = TraceContext.Of(stored.Context) });
        Activity ingest = await spans.OneAsync("ingest", stored);
        Activity decode = await spans.OneAsync("ingest.decode", stored);
        Activity commit = await spans.OneAsync("ingest.commit", stored);
        Assert.Equal((stored.SpanId, ActivityKind.Consumer, ActivityStatusCode.Unset), (ingest.ParentSpanId, ingest.Kind, ingest.Status));
        Assert.Equal((ingest.SpanId, ingest.SpanId), (decode.ParentSpanId, commit.ParentSpanId));
        Assert.Equal(
            ("iotp/v1/riverside/up/telemetry", "riverside", 7L, 1L, 1, "committed"),
            (ingest.GetTagItem("messaging.destination.name"), ingest.GetTagItem("iotp.site"), ingest.GetTagItem("iotp.epoch"), ingest.GetTagItem("iotp.sequence"), ingest.GetTagItem("iotp.records"), ingest.GetTagItem("iotp.outcome")));
        Assert.Equal(ingest.Context, Assert.Single(_room.Causes));
    }

    [Fact]
    public async Task A_batch_that_bears_no_trace_has_none_unless_the_hub_samples_it()
    {
        using RecordedSpans spans = new(HubTraces.SourceName, roots: false);
        await AcceptAsync(Telemetry(1));
        Assert.Equal([default], _room.Causes);
        Assert.DoesNotContain(spans.Ended, span => span.ParentSpanId == default);
    }

    [Fact]
    public async Task What_became_of_a_batch_is_told_by_its_span()
    {
        using RecordedSpans spans = new(HubTraces.SourceName, roots: false);
        _room.Outcome = CommitOutcome.Duplicate;
        Assert.Equal(("duplicate", ActivityStatusCode.Unset), await EndAsync(Site));
        _room.Outcome = CommitOutcome.KeyCollision;
        Assert.Equal(("refused", ActivityStatusCode.Error), await EndAsync(Site));
        Assert.Equal(("refused", ActivityStatusCode.Error), await EndAsync("hillside"));
        _room.Failure = new IOException("no space left on device");
        Assert.Equal(("failed", ActivityStatusCode.Error), await EndAsync(Site));

        async Task<(object?, ActivityStatusCode)> EndAsync(string site)
        {
            using Activity stored = Stored();
            await _ingest.AcceptAsync(site, Lane.Telemetry, BatchCodec.Encode(Telemetry(1) with { Trace = TraceContext.Of(stored.Context) }), default);
            Activity ingest = await spans.OneAsync("ingest", stored);
            return (ingest.GetTagItem("iotp.outcome"), ingest.Status);
        }
    }

    /// <summary>A span of an edge.</summary>
    private static Activity Stored()
    {
        Activity stored = new Activity("stored") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        Activity.Current = null;
        return stored;
    }

    private static long Refused(MetricsText metrics, Lane lane) => Count(metrics, $"iotp_ingest_batches_total{{lane=\"{UplinkTopics.Name(lane)}\",outcome=\"refused\"}}");

    private static long Count(MetricsText metrics, string series) =>
        metrics.Render().Split('\n').Where(line => line.StartsWith($"{series} ", StringComparison.Ordinal))
            .Select(line => long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)).SingleOrDefault();

    private async Task<Receipt?> AcceptAsync(Batch batch) => await _ingest.AcceptAsync(Site, batch.Key.Lane, BatchCodec.Encode(batch), default);

    private static Batch Telemetry(long sequence, double value = 1) =>
        new() { Key = new(Site, 7, Lane.Telemetry, sequence), Samples = [new(new("lift-1", "speed"), 1000, value, Quality.Good, true)] };

    private static Batch Event(long sequence) => new()
    {
        Key = new(Site, 7, Lane.Event, sequence),
        Transitions = [new("o-1", 0, "rule", new("pump-1", "pressure"), AlarmLevel.Normal, AlarmLevel.Alarm, AlarmCause.Limit, 1000, 0.3, 0.35, true)],
    };

    private static Batch Reading(long sequence) => new()
    {
        Key = new(Site, 7, Lane.Reading, sequence),
        Readings = [new("meter-1", "energy", "kWh", 1000, 12.34m, 10, Quality.Good, true)],
    };

    /// <summary>Everything around ingest, writing down what it is told and in which order.</summary>
    private sealed class Room : ITelemetryStore, IEventLedger, IEdgeDirectory, ILiveFeed, ILogger<UplinkIngest>
    {
        public List<string> Told { get; } = [];

        public List<string> Logged { get; } = [];

        public List<byte[]> Hashes { get; } = [];

        public List<ActivityContext> Causes { get; } = [];

        public CommitOutcome Outcome { get; set; }

        public Exception? Failure { get; set; }

        public IReadOnlyList<LiveEvent> Changes { get; set; } = [];

        public bool StateIsNews { get; set; } = true;

        public EdgeState? State { get; private set; }

        public IReadOnlyList<BatchSpan> TelemetrySpans { get; set; } = [];

        public IReadOnlyList<BatchSpan> LedgerSpans { get; set; } = [];

        ValueTask<CommitOutcome> ITelemetryStore.CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken)
        {
            Note($"telemetry {batch.Key.Sequence}", contentHash);
            return ValueTask.FromResult(Outcome);
        }

        ValueTask<LedgerCommit> IEventLedger.CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken)
        {
            Note($"ledger {batch.Key.Lane} {batch.Key.Sequence}", contentHash);
            return ValueTask.FromResult(new LedgerCommit(Outcome, Outcome == CommitOutcome.Committed ? Changes : []));
        }

        ValueTask<IReadOnlyList<BatchSpan>> IEventLedger.BatchesAsync(string site, CancellationToken cancellationToken) => ValueTask.FromResult(LedgerSpans);

        ValueTask<IReadOnlyList<BatchSpan>> ITelemetryStore.BatchesAsync(string site, CancellationToken cancellationToken) => ValueTask.FromResult(TelemetrySpans);

        public ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, long epoch, SequenceRange span, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, Lane lane, long epoch, SequenceRange span, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken) => throw new NotSupportedException("ingest does not read");

        public ValueTask<IReadOnlyList<StoredSample>> RangeAsync(
            string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken) =>
            throw new NotSupportedException("ingest does not read");

        public ValueTask<long> CountAsync(string site, CancellationToken cancellationToken) => throw new NotSupportedException("ingest does not read");

        public ValueTask<bool> TakeStateAsync(EdgeState state, CancellationToken cancellationToken)
        {
            State = state;
            Told.Add($"state {state.Online} {state.Epoch}");
            return ValueTask.FromResult(StateIsNews);
        }

        public void Heard(string site) => Told.Add($"heard {site}");

        public void Publish(LiveEvent change)
        {
            Told.Add($"live {change.Kind} {change.Site} {change.Id}");
            Causes.Add(change.Cause);
        }

        public IAsyncEnumerable<LiveEvent> WatchAsync(CancellationToken cancellationToken) => throw new NotSupportedException("ingest does not watch");

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning || Failure is null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id != 2125)
            {
                Logged.Add(formatter(state, exception));
            }
        }

        private void Note(string what, ReadOnlyMemory<byte> contentHash)
        {
            if (Failure is not null)
            {
                throw Failure;
            }

            Told.Add(what);
            Hashes.Add(contentHash.ToArray());
        }
    }
}
