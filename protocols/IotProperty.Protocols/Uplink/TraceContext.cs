using System.Buffers.Binary;
using System.Diagnostics;
using Google.Protobuf;

namespace IotProperty.Protocols.Uplink;

/// <summary>
/// By which span a batch was made, so that whoever takes it in continues that trace (W3C Trace Context, Recommendation of 23 November 2021, §3.2.2). Says nothing of the
/// records: no digest, tally or key depends on it.
/// </summary>
/// <param name="TraceId">Trace-id, its first byte on the wire the most significant; never 0.</param>
/// <param name="SpanId">Parent-id, its first byte on the wire the most significant; never 0.</param>
/// <param name="Flags">Trace-flags: bit 0 says that the trace is recorded, the others are for later versions.</param>
public readonly record struct TraceContext(UInt128 TraceId, ulong SpanId, byte Flags)
{
    /// <summary>On the wire: 16 bytes of trace-id, 8 of parent-id, 1 of flags.</summary>
    public const int Bytes = 25;

    /// <summary>By how much a batch is longer that has one: tag, length and content.</summary>
    public const int FieldBytes = 2 + Bytes;

    private const int TraceIdBytes = 16;
    private const byte SampledFlag = 0x01;

    /// <summary>Whether somebody records this trace.</summary>
    public bool IsSampled => (Flags & SampledFlag) != 0;

    /// <summary>Null for what no trace context is: an id that is missing.</summary>
    public static TraceContext? Of(in ActivityContext context)
    {
        // Ids that were never set have no bytes to copy.
        if (context.TraceId == default || context.SpanId == default)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[Bytes];
        context.TraceId.CopyTo(bytes[..TraceIdBytes]);
        context.SpanId.CopyTo(bytes[TraceIdBytes..^1]);
        bytes[^1] = (byte)context.TraceFlags;
        return TryRead(bytes);
    }

    /// <summary>As the parent of what happens elsewhere.</summary>
    public ActivityContext ToActivityContext()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        Write(bytes);
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(bytes[..TraceIdBytes]),
            ActivitySpanId.CreateFromBytes(bytes[TraceIdBytes..^1]),
            (ActivityTraceFlags)(Flags & SampledFlag),
            isRemote: true);
    }

    /// <summary>Null for another length, and where an id is all zero (§3.2.2.3, §3.2.2.4): a batch is worth more than its trace, so a context that cannot be read is as none.</summary>
    internal static TraceContext? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Bytes)
        {
            return null;
        }

        UInt128 traceId = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        ulong spanId = BinaryPrimitives.ReadUInt64BigEndian(bytes[TraceIdBytes..]);
        return traceId == UInt128.Zero || spanId == 0 ? null : new TraceContext(traceId, spanId, bytes[^1]);
    }

    internal ByteString ToWire()
    {
        byte[] bytes = new byte[Bytes];
        Write(bytes);
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    private void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt128BigEndian(bytes, TraceId);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[TraceIdBytes..], SpanId);
        bytes[^1] = Flags;
    }
}
