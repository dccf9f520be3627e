using IotProperty.Benchmarks.Harness;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Benchmarks.Uplink;

/// <summary>Bytes and time per sample of the uplink's batches, against the same samples one after the other in Protocol Buffers and JSON.</summary>
internal sealed class BatchCodecBenchmark : IBenchmark
{
    private static readonly BatchKey Key = new("riverside", 1_795_000_000_000, Lane.Telemetry, 300);

    public string Name => "uplink-batch";

    public string Description => "Telemetry batches: bytes and ns per sample, against row-wise Protocol Buffers under the same compression.";

    public bool PinToOneCore => false;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        Sample[] backlog = SiteTelemetry.Seconds(60);
        Sample[] live = SiteTelemetry.Seconds(1);
        Batch batch = new() { Key = Key, Samples = [.. backlog] };
        byte[] payload = BatchCodec.Encode(batch);
        byte[] rows = RowWise.Protobuf(backlog);
        byte[] compressedRows = RowWise.Compressed(rows);
        if (RowWise.FromProtobuf(rows).Count != backlog.Length || BatchCodec.Decode(payload).Batch?.Samples.Length != backlog.Length)
        {
            throw new InvalidOperationException("what was encoded does not come back");
        }

        Comparison encode = await run.CompareAsync(
            count => Repeat(count, () => BatchCodec.Encode(batch)),
            count => Repeat(count, () => RowWise.Compressed(RowWise.Protobuf(backlog))));
        Comparison decode = await run.CompareAsync(
            count => Repeat(count, () => BatchCodec.Decode(payload).Batch!),
            count => Repeat(count, () => RowWise.FromProtobuf(RowWise.Plain(compressedRows, rows.Length))));
        return
        [
            Bytes("uplink-batch-bytes-a-minute", payload.Length, rows.Length, backlog.Length, ratioFloor: 8) with { Ceiling = 3 },
            Bytes("uplink-batch-bytes-a-minute-vs-json", payload.Length, RowWise.Json(backlog).Length, backlog.Length, ratioFloor: 20),
            Bytes("uplink-batch-bytes-a-minute-vs-compressed", payload.Length, compressedRows.Length, backlog.Length, ratioFloor: 2),
            Bytes("uplink-batch-bytes-a-second", BatchCodec.Encode(batch with { Samples = [.. live] }).Length, RowWise.Protobuf(live).Length, live.Length, ratioFloor: 2),
            Time("uplink-batch-encode", encode, backlog.Length, ratioFloor: 1),
            Time("uplink-batch-decode", decode, backlog.Length, ratioFloor: 1),
        ];
    }

    /// <summary>Bytes are a cost: the ratio says how many times as much the baseline takes.</summary>
    private static Measurement Bytes(string name, int bytes, int baselineBytes, int samples, double ratioFloor) =>
        new(name, (double)bytes / samples, "B/sample")
        {
            Baseline = (double)baselineBytes / samples,
            Ratio = (double)baselineBytes / bytes,
            RatioFloor = ratioFloor,
        };

    private static Measurement Time(string name, Comparison comparison, int samples, double ratioFloor) =>
        new(name, 1e9 / (comparison.SubjectPerSecond * samples), "ns/sample")
        {
            Baseline = 1e9 / (comparison.BaselinePerSecond * samples),
            Ratio = comparison.Ratio,
            RatioFloor = ratioFloor,
        };

    private static void Repeat(int count, Func<object> operation)
    {
        for (int index = 0; index < count; index++)
        {
            GC.KeepAlive(operation());
        }
    }
}
