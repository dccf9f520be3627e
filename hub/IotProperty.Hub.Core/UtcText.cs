using System.Globalization;

namespace IotProperty.Hub;

/// <summary>A moment for people and for keys, in UTC.</summary>
public static class UtcText
{
    private static readonly long MinMs = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long MaxMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Writes <c>2026-03-02T04:00:00.000Z</c>; for a moment outside the years 1 to 9999, which only a broken clock tells, its milliseconds.</summary>
    /// <param name="utcMs">Milliseconds since the Unix epoch, UTC.</param>
    public static string Of(long utcMs) => utcMs >= MinMs && utcMs <= MaxMs
        ? DateTimeOffset.FromUnixTimeMilliseconds(utcMs).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{utcMs} ms");
}
