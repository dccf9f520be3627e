using System.Collections.Immutable;
using System.Runtime.InteropServices;
using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

/// <summary>Puts samples into rows: while a row waits (the hub is away or slow) it gathers what follows, so that a backlog is few large batches and not many small ones.</summary>
internal sealed class TelemetryRows(StoreRows rows, OutboxSettings settings, SampleTraces traces, ILogger logger)
{
    /// <summary>The newest telemetry batch, which may gather more while it was never published.</summary>
    private (OutboxRow Row, Batch Batch)? _open;

    /// <summary>What follows goes into another row: the file was closed, or the clock was stepped.</summary>
    public void Forget() => _open = null;

    public void Store(List<Sample> samples, in LostSamples lost)
    {
        if (lost.Records > 0)
        {
            long sequence = rows.SkipSequence(Lane.Telemetry);
            rows.Declare(new Gap(Lane.Telemetry, rows.Epoch, sequence, sequence, lost.FromMs, lost.ToMs, lost.Records, "store too slow"));
            StorageLog.SamplesLost(logger, lost.Records);
        }

        if (rows.Corrections.Timeline.Corrects)
        {
            samples = StoreCorrected(samples);
        }

        ReadOnlySpan<Sample> all = CollectionsMarshal.AsSpan(samples);
        int at = Grow(all);
        while (at < all.Length)
        {
            ImmutableArray<Sample> part = [.. all.Slice(at, Math.Min(settings.MaxBatchSamples, all.Length - at))];
            _open = Insert(new Batch { Key = default, Samples = part, Trace = traces.Carry(part.AsSpan()) });
            at += part.Length;
        }

        if (lost.Records > 0)
        {
            traces.Lost(lost, "the store was too slow");
        }
    }

    /// <returns>How many samples found a place in the row that is open.</returns>
    private int Grow(ReadOnlySpan<Sample> samples)
    {
        if (_open is not { } open || !rows.Queue.MayGrow(open.Row.Id) || open.Batch.Samples.Length >= settings.MaxBatchSamples || samples.IsEmpty)
        {
            return 0;
        }

        int taken = Math.Min(samples.Length, settings.MaxBatchSamples - open.Batch.Samples.Length);
        ImmutableArray<Sample> all = [.. open.Batch.Samples, .. samples[..taken]];
        Batch batch = new() { Key = rows.NextKey(Lane.Telemetry) with { Sequence = open.Row.Number.Sequence }, Samples = all, Trace = open.Batch.Trace };
        byte[] payload = BatchCodec.Encode(batch);
        int room = batch.Trace is null && traces.AnyWait ? TraceContext.FieldBytes : 0;
        if (payload.Length + room > settings.MaxBatchBytes)
        {
            _open = null;
            return 0;
        }

        TraceContext? trace = traces.Carry(samples[..taken], batch.Trace);
        if (trace != batch.Trace)
        {
            // Told only now, when it is sure that the samples go into this row.
            batch = batch with { Trace = trace };
            payload = BatchCodec.Encode(batch);
        }

        _open = (rows.Grow(open.Row, batch, payload, samples[..taken]), batch);
        return taken;
    }

    /// <summary>As one row, or as several where it is too large for one.</summary>
    /// <returns>The last of them.</returns>
    private (OutboxRow Row, Batch Batch) Insert(Batch batch)
    {
        List<(Batch Batch, byte[] Payload)> parts = [];
        BatchSplit.Encode(batch, settings.MaxBatchBytes, () => rows.NextKey(Lane.Telemetry, ahead: parts.Count), parts);
        (OutboxRow Row, Batch Batch) last = default;
        foreach ((Batch part, byte[] payload) in parts)
        {
            last = (rows.Insert(part, payload), part);
        }

        return last;
    }

    /// <summary>Stores the samples that were on their way while the clock was stepped, in rows of their own. Returns the others.</summary>
    private List<Sample> StoreCorrected(List<Sample> samples)
    {
        RowCorrections corrections = rows.Corrections;
        long nowMs = corrections.NowMs;
        ILookup<long, Sample> byCorrection = samples.ToLookup(sample => sample.ClockTrusted ? 0 : corrections.Timeline.CorrectionOf(sample.TimeMs, nowMs));
        foreach (IGrouping<long, Sample> late in byCorrection.Where(group => group.Key != 0))
        {
            foreach (Sample[] part in late.Chunk(settings.MaxBatchSamples))
            {
                Insert(corrections.Apply(new Batch { Key = default, Samples = [.. part], Trace = traces.Carry(part) }, late.Key));
            }
        }

        return [.. byCorrection[0]];
    }
}
