using IotProperty.Protocols.Uplink;

namespace IotProperty.Protocols.Tests.Uplink;

/// <summary>Puts any bytes through everything of the uplink that reads bytes from outside, and throws where a promise is broken.</summary>
public static class UplinkExercise
{
    public static void Exercise(ReadOnlySpan<byte> bytes)
    {
        DecodedBatch batch = BatchCodec.Decode(bytes);
        Hold(batch.Done == (batch.Why.Length == 0), "a batch that cannot be read says why, and only that");
        TraceContext? trace = BatchCodec.TraceOf(bytes);
        if (batch.Done)
        {
            Hold(trace == batch.Trace, "the header alone tells the trace");
            Hold(batch.Batch.RecordCount is > 0 and <= UplinkLimits.MaxRecords, "a batch is bounded");
        }

        Decoded<IReadOnlyList<Receipt>> receipts = ReceiptCodec.Decode(bytes);
        Hold(receipts.Done == (receipts.Why.Length == 0), "receipts that cannot be read say why, and only that");
        Decoded<EdgeState> state = EdgeStateCodec.Decode(bytes);
        Hold(state.Done == (state.Why.Length == 0), "a state that cannot be read says why, and only that");
        Decoded<SignedCommand> command = SignedCommand.Decode(bytes);
        Hold(command.Done == (command.Why.Length == 0), "a command that cannot be read says why, and only that");
        if (command.Done)
        {
            Hold(!command.Value.Open([], DateTimeOffset.UnixEpoch).Done, "nothing is a command where nobody is trusted");
        }
    }

    private static void Hold(bool holds, string promise)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"broken: {promise}");
        }
    }
}
