using System.Diagnostics;
using IotProperty.Hub.Live;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tracing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tracing;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// Reads what edges send, gives samples to the telemetry store and all else to the ledger, and answers each batch by what was committed. Watchers hear of a change
/// after its commit.
/// </summary>
public sealed class UplinkIngest(
    ITelemetryStore telemetry,
    IEventLedger ledger,
    IEdgeDirectory directory,
    ILiveFeed live,
    IngestMeter meter,
    TimeProvider time,
    ILogger<UplinkIngest> logger) : IUplinkIngest
{
    /// <summary>How much of <see cref="ContentHash"/> is kept with a batch's key: enough to tell a repeat from anything else, half the room.</summary>
    public const int ContentHashBytes = 16;

    // By lane: 1 while its store cannot commit, so that an outage is one log line and not one a batch.
    private readonly int[] _failing = new int[(int)Lane.Telemetry + 1];

    /// <inheritdoc/>
    public async ValueTask<Receipt?> AcceptAsync(string site, Lane lane, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        DateTimeOffset arrived = HubTraces.Source.HasListeners() ? time.GetUtcNow() : default;
        meter.Took(lane, payload.Length);
        DecodedBatch decoded = BatchCodec.Decode(payload.Span);
        using Activity? span = HubTraces.BeginIngest(site, lane, decoded, payload.Length, arrived, time);
        if (decoded.Key is not { } key)
        {
            Ended(span, lane, "unreadable", decoded.Why);
            logger.Unreadable(site, UplinkTopics.Name(lane), payload.Length, decoded.Why);
            return null;
        }

        if (WhyNotOf(site, lane, key) is { } foreign)
        {
            return Refuse(span, site, lane, key, foreign);
        }

        directory.Heard(site);
        if (!decoded.Done)
        {
            return Refuse(span, site, lane, key, $"this hub cannot read it: {decoded.Why}");
        }

        if (UplinkText.WhyNot(decoded.Batch) is { } unstorable)
        {
            return Refuse(span, site, lane, key, $"it can never be stored: {unstorable}");
        }

        LedgerCommit? committed;
        try
        {
            committed = await CommitAsync(decoded.Batch, payload, cancellationToken);
        }
        catch (UnstorableBatchException never)
        {
            return Refuse(span, site, lane, key, $"it can never be stored: {never.Message}");
        }

        if (committed is not { } commit)
        {
            Ended(span, lane, "failed", "the store cannot commit now");
            return null;
        }

        if (commit.Outcome == CommitOutcome.KeyCollision)
        {
            return Refuse(span, site, lane, key, "another batch was committed under this key: two edges speak for one site, or the edge lost its store");
        }

        if (commit.Outcome == CommitOutcome.Committed)
        {
            meter.Committed(lane, decoded.Batch.RecordCount, time.GetElapsedTime(begun));
            meter.Answered(decoded.Batch.CommandResults);
            ActivityContext cause = HubTraces.Source.Here();
            foreach (LiveEvent change in commit.Changes)
            {
                live.Publish(change with { Cause = cause });
            }
        }

        Ended(span, lane, commit.Outcome == CommitOutcome.Committed ? "committed" : "duplicate");
        return new Receipt(key, ReceiptStatus.Committed, "");
    }

    /// <inheritdoc/>
    public async ValueTask AcceptStateAsync(string site, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        Decoded<EdgeState> decoded = EdgeStateCodec.Decode(payload.Span);
        if (!decoded.Done)
        {
            logger.StateIgnored(site, decoded.Why);
            return;
        }

        EdgeState state = UplinkText.Storable(decoded.Value);
        if (state.Site != site)
        {
            logger.StateIgnored(site, $"it speaks for the site {Quote(state.Site)}");
            return;
        }

        if (await directory.TakeStateAsync(state, cancellationToken))
        {
            logger.StateTaken(site, FrontDoorLog.Bounded(state.Version), state.Online ? "online" : "offline", state.Epoch);
            live.Publish(new(LiveKind.Edge, site, site));
        }
    }

    private async ValueTask<LedgerCommit?> CommitAsync(Batch batch, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        Lane lane = batch.Key.Lane;
        using Activity? span = HubTraces.Source.Continue("ingest.commit", HubTraces.Source.Here());
        ReadOnlyMemory<byte> hash = ContentHash.Of(payload.Span).AsMemory(0, ContentHashBytes);
        try
        {
            LedgerCommit commit = lane == Lane.Telemetry
                ? new(await telemetry.CommitAsync(batch, hash, cancellationToken), [new(LiveKind.Telemetry, batch.Key.Site, "")])
                : await ledger.CommitAsync(batch, hash, cancellationToken);
            if (Interlocked.Exchange(ref _failing[(int)lane], 0) == 1)
            {
                logger.CommitsAgain(UplinkTopics.Name(lane));
            }

            return commit;
        }
        catch (Exception e) when (e is not (OperationCanceledException or UnstorableBatchException))
        {
            // Whatever the reason, the edge still has the batch: without a receipt it sends it again.
            span.Fail(e.GetType().Name);
            if (Interlocked.Exchange(ref _failing[(int)lane], 1) == 0)
            {
                logger.CannotCommit(e, UplinkTopics.Name(lane));
            }

            return null;
        }
    }

    private Receipt Refuse(Activity? span, string site, Lane lane, BatchKey key, string why)
    {
        Ended(span, lane, "refused", why);
        logger.Refused(site, key.Epoch, UplinkTopics.Name(lane), key.Sequence, why);
        return new Receipt(key, ReceiptStatus.Refused, why);
    }

    /// <summary>Counted, and told by the span of the batch.</summary>
    private void Ended(Activity? span, Lane lane, string outcome, string? why = null)
    {
        meter.Ended(lane, outcome);
        span?.SetTag(Spans.Outcome, outcome);
        if (why is not null)
        {
            span.Fail(why);
        }
    }

    private static string? WhyNotOf(string site, Lane lane, BatchKey key) =>
        key.Site != site ? $"it is of the site {Quote(key.Site)}, but came on a topic of the site {Quote(site)}"
        : key.Lane != lane ? $"it is of the lane {UplinkTopics.Name(key.Lane)}, but came on the topic of the lane {UplinkTopics.Name(lane)}"
        : null;

    private static string Quote(string text) => $"\"{FrontDoorLog.Bounded(text)}\"";
}
