namespace IotProperty.Hub.Storage;

/// <summary>
/// A sum modulo 2^64 as two sums of 32-bit halves, which databases can add without overflowing: good for two thousand million summands. The whole is
/// low + high × 2^32 modulo 2^64.
/// </summary>
internal static class HashHalves
{
    public static (long Low, long High) Of(ulong hash) => ((long)(hash & uint.MaxValue), (long)(hash >> 32));

    public static ulong Join(long low, long high) => unchecked((ulong)low + ((ulong)high << 32));
}
