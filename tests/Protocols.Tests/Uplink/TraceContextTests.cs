using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Batch = IotProperty.Protocols.Uplink.Batch;
using WireBatch = IotProperty.Protocols.Uplink.Wire.Batch;

namespace IotProperty.Protocols.Tests.Uplink;

public class TraceContextTests
{
    /// <summary>The ids of the Recommendation's own example (W3C Trace Context, §3.2.3).</summary>
    private const string Example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private static readonly Batch Traced = UplinkSamples.Batch("traced");

    [Fact]
    public void The_example_of_the_recommendation_travels_as_its_25_bytes()
    {
        Assert.True(ActivityContext.TryParse(Example, null, isRemote: true, out ActivityContext example));
        TraceContext context = TraceContext.Of(example)!.Value;
        Assert.Equal(Traced.Trace, context);
        Assert.Equal(example, context.ToActivityContext());
        WireBatch wire = WireBatch.Parser.ParseFrom(BatchCodec.Encode(Traced));
        Assert.Equal("4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b701", Convert.ToHexStringLower(wire.TraceContext.Span));
    }

    [Fact]
    public void A_context_without_ids_is_none() => Assert.Null(TraceContext.Of(default(ActivityContext)));

    [Fact]
    public void Without_a_trace_a_batch_is_not_one_byte_longer()
    {
        byte[] plain = BatchCodec.Encode(Traced with { Trace = null });
        byte[] traced = BatchCodec.Encode(Traced);
        Assert.Equal(TraceContext.FieldBytes, traced.Length - plain.Length);
        Assert.Equal(plain[..^MessageSeal.Length], traced[..(plain.Length - MessageSeal.Length)]);
    }

    public static TheoryData<string> NoContexts { get; } =
    [
        "",
        "00",
        "4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7",
        "4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b70100",
        "0000000000000000000000000000000000f067aa0ba902b701",
        "4bf92f3577b34da6a3ce929d0e0e4736000000000000000001",
        new string('f', 200_000),
    ];

    [Theory]
    [MemberData(nameof(NoContexts))]
    public void A_context_that_cannot_be_read_is_as_none_and_the_batch_is_kept(string hex)
    {
        WireBatch wire = WireBatch.Parser.ParseFrom(BatchCodec.Encode(Traced));
        wire.TraceContext = ByteString.CopyFrom(Convert.FromHexString(hex));
        wire.Checksum = 0;
        byte[] payload = WireMessage.Seal(wire);
        DecodedBatch decoded = BatchCodec.Decode(payload);
        Assert.Equal("", decoded.Why);
        Assert.Null(decoded.Trace);
        Assert.Null(BatchCodec.TraceOf(payload));
        Assert.Equal(BatchText.Of(Traced with { Trace = null }), BatchText.Of(decoded.Batch!));
    }

    [Fact]
    public void A_batch_that_cannot_be_read_whole_still_tells_its_trace()
    {
        WireBatch wire = WireBatch.Parser.ParseFrom(BatchCodec.Encode(Traced));
        wire.Records = 3;
        wire.Checksum = 0;
        DecodedBatch decoded = BatchCodec.Decode(WireMessage.Seal(wire));
        Assert.False(decoded.Done);
        Assert.Equal(Traced.Trace, decoded.Trace);
    }

    /// <summary>What lets an older hub take what a newer edge sends.</summary>
    [Fact]
    public void A_field_that_a_reader_does_not_know_is_passed_over()
    {
        byte[] payload = BatchCodec.Encode(Traced);
        byte[] newer = [.. payload[..^MessageSeal.Length], (9 << 3) | 2, 3, 1, 2, 3, .. new byte[MessageSeal.Length]];
        MessageSeal.Write(newer);
        Assert.Equal(BatchText.Of(Traced), BatchText.Of(BatchCodec.Decode(newer).Batch!));
    }

    /// <summary>Found by fuzzing: of a field that comes twice the last one counts, for whoever reads the header alone too.</summary>
    [Theory]
    [InlineData("4219" + "00000000000000000000000000000001" + "0000000000000001" + "01")]
    [InlineData("4200")]
    [InlineData("c280808010" + "19" + "00000000000000000000000000000002" + "0000000000000001" + "01")]
    public void Of_two_contexts_the_last_one_counts(string second)
    {
        byte[] payload = BatchCodec.Encode(Traced);
        byte[] twice = [.. payload[..^MessageSeal.Length], .. Convert.FromHexString(second), .. new byte[MessageSeal.Length]];
        MessageSeal.Write(twice);
        DecodedBatch decoded = BatchCodec.Decode(twice);
        Assert.Equal("", decoded.Why);
        Assert.NotEqual(Traced.Trace, decoded.Trace);
        Assert.Equal(decoded.Trace, BatchCodec.TraceOf(twice));
    }

    [Fact]
    public void Tallies_know_nothing_of_traces() =>
        Prop.ForAll(UplinkGen.Batch.ToArbitrary(), batch =>
            BatchTally.Of(batch with { Trace = Traced.Trace }).SequenceEqual(BatchTally.Of(batch with { Trace = null }))).Check(PropertyRun.Config);

    [Fact]
    public void The_header_alone_tells_what_the_whole_batch_tells() =>
        Prop.ForAll(UplinkGen.Batch.ToArbitrary(), batch => BatchCodec.TraceOf(BatchCodec.Encode(batch)) == batch.Trace).Check(PropertyRun.Config);

    [Fact]
    public void The_header_of_random_bytes_never_throws() =>
        Prop.ForAll<byte[]>(bytes => BatchCodec.TraceOf(bytes) is not { SpanId: 0 }).Check(PropertyRun.Config);
}
