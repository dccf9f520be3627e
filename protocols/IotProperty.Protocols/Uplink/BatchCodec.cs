using System.Collections.Immutable;
using Google.Protobuf;
using IotProperty.Protocols.Uplink.Wire;

namespace IotProperty.Protocols.Uplink;

/// <summary>
/// Batches from and to the bytes of <c>uplink.proto</c>. What is decoded equals what was encoded bit by bit (NaN payloads, the sign of zero and the scale of
/// decimals included), with one freedom: samples come back grouped by point, points in order of their first sample, since order has a meaning only within a point.
/// </summary>
public static class BatchCodec
{
    // Unpacked repeated scalars are legal Protocol Buffers too, one field each; our own encoder never writes them.
    private const int MaxBodyFields = UplinkLimits.MaxRecords * 2;
    private const int MaxHeaderFields = 32;

    private const uint TraceTag = (Wire.Batch.TraceContextFieldNumber << 3) | (uint)WireFormat.WireType.LengthDelimited;

    /// <summary>
    /// Throws <see cref="ArgumentException"/> when the batch has no records or more than <see cref="UplinkLimits.MaxRecords"/>, has records of another lane,
    /// lacks a proper key, or takes more than <see cref="UplinkLimits.MaxEncodedBytes"/>.
    /// </summary>
    public static byte[] Encode(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Check(batch);
        Packed body = batch.Key.Lane switch
        {
            Lane.Telemetry => WireMessage.Pack(TelemetryColumns.ToWire(batch.Samples)),
            Lane.Reading => WireMessage.Pack(ReadingRecords.ToWire(batch.Readings)),
            _ => WireMessage.Pack(EventRecords.ToWire(batch)),
        };
        return WireMessage.Seal(new Wire.Batch
        {
            Site = batch.Key.Site,
            Epoch = batch.Key.Epoch,
            Lane = (Wire.Lane)batch.Key.Lane,
            Sequence = batch.Key.Sequence,
            Records = (uint)batch.RecordCount,
            Body = body,
            ClockCorrectionMs = batch.ClockCorrectionMs,
            TraceContext = batch.Trace?.ToWire() ?? ByteString.Empty,
        });
    }

    /// <summary>Never throws for what the bytes hold.</summary>
    public static DecodedBatch Decode(ReadOnlySpan<byte> payload)
    {
        if (!WireMessage.TryOpen(Wire.Batch.Parser, payload, MaxHeaderFields, out Wire.Batch? wire, out string why))
        {
            return new DecodedBatch(null, null, $"batch {why}");
        }

        if (!WireEnum.TryRead(unchecked((uint)wire.Lane), out Lane lane))
        {
            return new DecodedBatch(null, null, $"batch has the unknown lane {(int)wire.Lane}");
        }

        TraceContext? trace = TraceContext.TryRead(wire.TraceContext.Span);
        BatchKey key = new(wire.Site, wire.Epoch, lane, wire.Sequence);
        if (WhyNotKey(key) is { } wrong)
        {
            return new DecodedBatch(null, null, $"batch {wrong}");
        }

        if (wire.Records is 0 or > UplinkLimits.MaxRecords)
        {
            return Unreadable($"batch says that it holds {wire.Records} records, not 1 to {UplinkLimits.MaxRecords}");
        }

        Batch? batch = key.Lane switch
        {
            Lane.Telemetry => Telemetry(key, wire, out why),
            Lane.Reading => Readings(key, wire, out why),
            _ => Events(key, wire, out why),
        };
        if (batch is not null && batch.RecordCount != wire.Records)
        {
            return Unreadable($"batch says that it holds {wire.Records} records, but {batch.RecordCount} can be read");
        }

        if (batch is null)
        {
            return Unreadable($"body {why}");
        }

        bool isPlain = wire.ClockCorrectionMs == 0 && trace is null;
        return new DecodedBatch(isPlain ? batch : batch with { ClockCorrectionMs = wire.ClockCorrectionMs, Trace = trace }, key, "") { Trace = trace };

        DecodedBatch Unreadable(string reason) => new(null, key, reason) { Trace = trace };
    }

    /// <summary>The trace of an encoded batch, by its header alone: the body is passed over. Null where it is not traced. Believes the checksum.</summary>
    public static TraceContext? TraceOf(ReadOnlySpan<byte> payload)
    {
        TraceContext? trace = null;
        while (WireMessage.TryReadField(ref payload, out ulong tag, out ReadOnlySpan<byte> content))
        {
            // As the parser reads it: of a field that comes twice the last one counts, and a tag has 32 bits.
            if (unchecked((uint)tag) == TraceTag)
            {
                trace = TraceContext.TryRead(content);
            }
        }

        return trace;
    }

    private static Batch? Telemetry(BatchKey key, Wire.Batch wire, out string why) =>
        WireMessage.TryUnpack(TelemetryBody.Parser, wire.Body, MaxBodyFields, out TelemetryBody? body, out why)
        && TelemetryColumns.TryRead(body, (int)wire.Records, out ImmutableArray<Sample> samples, out why)
            ? new Batch { Key = key, Samples = samples }
            : null;

    private static Batch? Readings(BatchKey key, Wire.Batch wire, out string why) =>
        WireMessage.TryUnpack(ReadingBody.Parser, wire.Body, MaxBodyFields, out ReadingBody? body, out why)
        && ReadingRecords.TryRead(body, out ImmutableArray<MeterReading> readings, out why)
            ? new Batch { Key = key, Readings = readings }
            : null;

    private static Batch? Events(BatchKey key, Wire.Batch wire, out string why) =>
        WireMessage.TryUnpack(EventBody.Parser, wire.Body, MaxBodyFields, out EventBody? body, out why)
            ? EventRecords.Read(key, body, out why)
            : null;

    private static void Check(Batch batch)
    {
        if (WhyNotKey(batch.Key) is { } wrong)
        {
            throw new ArgumentException($"the batch {wrong}", nameof(batch));
        }

        if (batch.RecordCount is 0 or > UplinkLimits.MaxRecords)
        {
            throw new ArgumentException($"the batch holds {batch.RecordCount} records, not 1 to {UplinkLimits.MaxRecords}", nameof(batch));
        }

        int ofLane = batch.Key.Lane switch
        {
            Lane.Telemetry => batch.Samples.Length,
            Lane.Reading => batch.Readings.Length,
            _ => batch.RecordCount - batch.Samples.Length - batch.Readings.Length,
        };
        if (ofLane != batch.RecordCount)
        {
            throw new ArgumentException($"the batch holds records that do not belong into the lane {batch.Key.Lane}", nameof(batch));
        }
    }

    private static string? WhyNotKey(BatchKey key) =>
        string.IsNullOrEmpty(key.Site) ? "names no site"
        : key.Epoch <= 0 ? "has no positive epoch"
        : key.Sequence <= 0 ? "has no positive sequence"
        : !Enum.IsDefined(key.Lane) ? $"has the unknown lane {(byte)key.Lane}"
        : null;
}
