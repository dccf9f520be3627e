namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>Writes many lines in requests that no server finds too long.</summary>
internal static class LineChunks
{
    /// <summary>InfluxDB takes 25 MB by default.</summary>
    private const int MaxBytes = 8_000_000;

    public static async Task WriteAsync(ITimeSeriesEngine engine, ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
    {
        while (!lines.IsEmpty)
        {
            int length = lines.Length <= MaxBytes ? lines.Length : lines.Span[..MaxBytes].LastIndexOf((byte)'\n') + 1;
            await engine.WriteAsync(lines[..length], cancellationToken);
            lines = lines[length..];
        }
    }
}
