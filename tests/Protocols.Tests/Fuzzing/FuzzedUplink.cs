using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Tests.Uplink;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Fuzzing;

internal sealed class FuzzedUplink : IFuzzedCodec
{
    private const int OfEachKind = 100;

    public string Name => "uplink";

    // A body may unpack to two mebibytes, whose records are objects; a message may come to more only by more bytes.
    public long MayAllocate(int inputBytes) => 64 << 20;

    public IReadOnlyList<byte[]> Frames(ulong seed) =>
    [
        .. UplinkGen.Batch.Sample(8, new Rnd(seed), OfEachKind).Select(BatchCodec.Encode),
        .. UplinkGen.Receipt("riverside").Sample(8, new Rnd(seed), OfEachKind).Select(receipt => ReceiptCodec.Encode(receipt)),
        .. UplinkGen.Command.Sample(8, new Rnd(seed), OfEachKind / 10).Select(CommandSigner.Shared.Sign),
        .. UplinkGen.State.Sample(8, new Rnd(seed), OfEachKind / 10).Select(EdgeStateCodec.Encode),
    ];

    public void Seal(Span<byte> input)
    {
        if (input.Length >= MessageSeal.Length)
        {
            MessageSeal.Write(input);
        }
    }

    public void Exercise(ReadOnlySpan<byte> input) => UplinkExercise.Exercise(input);
}
