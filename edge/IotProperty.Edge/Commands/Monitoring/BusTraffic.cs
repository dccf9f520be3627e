using IotProperty.Edge.Commands.Decoding;

namespace IotProperty.Edge.Commands.Monitoring;

/// <summary>Something that was heard on a bus: a frame, or bytes that belong to none.</summary>
/// <param name="Protocol">As decoders are named; null for bytes that are no frame.</param>
/// <param name="Direction">Who sent it, as far as that can be told.</param>
/// <param name="StartMs">When its first byte was read, on the caller's scale.</param>
/// <param name="EndMs">When its last byte was read.</param>
internal sealed record BusTraffic(string? Protocol, FrameDirection? Direction, byte[] Bytes, double StartMs, double EndMs);
