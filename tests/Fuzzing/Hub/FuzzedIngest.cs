using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Tests.Fuzzing;
using IotProperty.Protocols.Tests.Uplink;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Fuzzing.Hub;

/// <summary>Payloads as they would come on a site's topics, through decoding, every check and commit of the hub's ingest.</summary>
internal sealed class FuzzedIngest : IFuzzedCodec, IDisposable
{
    private const int Batches = 200;
    private const int States = 20;

    private readonly CheckedHub _hub = new();
    private readonly FuzzedUplink _uplink = new();

    public string Name => "ingest";

    public long MayAllocate(int inputBytes) => _uplink.MayAllocate(inputBytes) * 2;

    public IReadOnlyList<byte[]> Frames(ulong seed) =>
    [
        .. UplinkGen.Batch.Sample(8, new Rnd(seed), Batches).Select(batch => BatchCodec.Encode(batch with { Key = batch.Key with { Site = CheckedHub.Site } })),
        .. UplinkGen.State.Sample(8, new Rnd(seed), States).Select(state => EdgeStateCodec.Encode(state with { Site = CheckedHub.Site })),
    ];

    public void Seal(Span<byte> input) => _uplink.Seal(input);

    public void Exercise(ReadOnlySpan<byte> input)
    {
        byte[] payload = input.ToArray();
        DecodedBatch read = BatchCodec.Decode(payload);
        long before = _hub.Commits;
        Receipt? receipt = Await(_hub.Ingest.AcceptAsync(CheckedHub.Site, read.Key?.Lane ?? Lane.Telemetry, payload, CancellationToken.None));
        Promise.Hold(receipt is null == read.Key is null, "what has a key has an answer, and nothing else has");
        if (receipt is { } answer)
        {
            Promise.Hold(answer.Key == read.Key, "the answer is to the batch that came");
            Promise.Hold(answer.Status == ReceiptStatus.Committed == (answer.Reason.Length == 0), "a refusal has its reason");
            Promise.Hold(answer.Status == ReceiptStatus.Refused || _hub.Commits == before + 1, "what has a receipt was given to a store");
        }

        Await(_hub.Ingest.AcceptStateAsync(CheckedHub.Site, payload, CancellationToken.None));
        Promise.HoldAll();
    }

    public void Dispose() => _hub.Dispose();

    private static T Await<T>(ValueTask<T> task)
    {
        Promise.Hold(task.IsCompleted, "nothing of this ingest waits");
        return task.GetAwaiter().GetResult();
    }

    private static void Await(ValueTask task)
    {
        Promise.Hold(task.IsCompleted, "nothing of this ingest waits");
        task.GetAwaiter().GetResult();
    }
}
