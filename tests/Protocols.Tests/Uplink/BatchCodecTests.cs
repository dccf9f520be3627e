using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using IotProperty.Protocols.Uplink;
using IotProperty.Protocols.Uplink.Wire;
using IotProperty.Tests;
using Batch = IotProperty.Protocols.Uplink.Batch;
using Lane = IotProperty.Protocols.Uplink.Lane;
using WireBatch = IotProperty.Protocols.Uplink.Wire.Batch;

namespace IotProperty.Protocols.Tests.Uplink;

public class BatchCodecTests
{
    private static readonly BatchKey Telemetry = new("riverside", 1_795_000_000_000, Lane.Telemetry, 7);

    [Fact]
    public void What_is_decoded_is_what_was_encoded_bit_by_bit() =>
        Prop.ForAll(UplinkGen.Batch.ToArbitrary(), batch =>
        {
            DecodedBatch decoded = BatchCodec.Decode(BatchCodec.Encode(batch));
            Assert.Equal("", decoded.Why);
            Assert.Equal(batch.Key, decoded.Key);
            Assert.Equal(BatchText.Of(batch), BatchText.Of(decoded.Batch!));
        }).Check(PropertyRun.Config);

    [Fact]
    public void Every_truncation_is_malformed() =>
        Prop.ForAll(UplinkGen.Batch.ToArbitrary(), batch =>
        {
            byte[] payload = BatchCodec.Encode(batch);
            for (int length = 0; length < payload.Length; length++)
            {
                DecodedBatch decoded = BatchCodec.Decode(payload.AsSpan(0, length));
                Assert.False(decoded.Done);
                Assert.Null(decoded.Key);
                Assert.NotEmpty(decoded.Why);
            }
        }).Check(PropertyRun.Config);

    [Fact]
    public void Random_bytes_are_malformed_and_never_throw() =>
        Prop.ForAll<byte[]>(bytes => !BatchCodec.Decode(bytes).Done && !BatchCodec.Decode(Sealed(bytes)).Done).Check(PropertyRun.Config);

    [Fact]
    public void Every_flipped_bit_is_seen_by_the_checksum()
    {
        byte[] payload = BatchCodec.Encode(Samples(1.5, 2.5));
        for (int bit = 0; bit < payload.Length * 8; bit++)
        {
            byte[] flipped = [.. payload];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(BatchCodec.Decode(flipped).Done);
        }
    }

    /// <summary>Behind the checksum too: what is mutated before it is sealed either reads as some batch or is malformed with a reason.</summary>
    [Fact]
    public void Mutated_messages_under_a_true_checksum_never_throw()
    {
        var mutation =
            from batch in UplinkGen.Batch
            from edits in (
                from at in Gen.Choose(0, int.MaxValue)
                from value in Gen.Choose(0, 255)
                from insert in Gen.Choose(0, 2)
                select (At: at, Value: (byte)value, Insert: insert)).NonEmptyListOf()
            from inBody in ArbMap.Default.GeneratorFor<bool>()
            select (Batch: batch, Edits: edits, InBody: inBody);
        Prop.ForAll(mutation.ToArbitrary(), mutated =>
        {
            byte[] payload = BatchCodec.Encode(mutated.Batch);
            byte[] changed;
            if (mutated.InBody)
            {
                WireBatch wire = WireBatch.Parser.ParseFrom(payload);
                byte[] body = Edited(PlainBody(wire.Body), mutated.Edits);
                wire.Body = new Packed { UnpackedBytes = (uint)body.Length, Content = ByteString.CopyFrom(body) };
                wire.Checksum = 0;
                changed = Sealed(wire.ToByteArray());
            }
            else
            {
                changed = Sealed(Edited(payload[..^MessageSeal.Length], mutated.Edits));
            }

            DecodedBatch decoded = BatchCodec.Decode(changed);
            Assert.Equal(decoded.Done, decoded.Why.Length == 0);
            if (decoded.Done)
            {
                Assert.InRange(decoded.Batch.RecordCount, 1, UplinkLimits.MaxRecords);
                Assert.Equal(BatchText.Of(decoded.Batch), BatchText.Of(BatchCodec.Decode(BatchCodec.Encode(decoded.Batch)).Batch!));
            }
        }).Check(PropertyRun.Config.WithMaxTest(500));
    }

    /// <summary>A length near 2^31 makes the library's position overflow: inside a message, and in a field that it does not know.</summary>
    [Theory]
    [InlineData("0AFFFFFFFF07")]
    [InlineData("0A087AFFFFFFFF070000")]
    public void Lengths_beyond_all_bounds_are_malformed(string body)
    {
        WireBatch wire = WireBatch.Parser.ParseFrom(BatchCodec.Encode(Samples(1)));
        wire.Lane = IotProperty.Protocols.Uplink.Wire.Lane.Reading;
        wire.Body = new Packed { UnpackedBytes = (uint)(body.Length / 2), Content = ByteString.CopyFrom(Convert.FromHexString(body)) };
        wire.Checksum = 0;
        DecodedBatch decoded = BatchCodec.Decode(Sealed(wire.ToByteArray()));
        Assert.False(decoded.Done);
        Assert.StartsWith("body is not a Protocol Buffers message", decoded.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(300)]
    [InlineData(-1)]
    public void Unknown_lane_is_malformed(int lane)
    {
        WireBatch wire = WireBatch.Parser.ParseFrom(BatchCodec.Encode(Samples(1)));
        wire.Lane = (IotProperty.Protocols.Uplink.Wire.Lane)lane;
        wire.Checksum = 0;
        DecodedBatch decoded = BatchCodec.Decode(Sealed(wire.ToByteArray()));
        Assert.False(decoded.Done);
        Assert.Contains($"unknown lane {lane}", decoded.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(14u)]
    [InlineData(256u)]
    [InlineData(uint.MaxValue)]
    public void A_reason_of_a_later_version_is_none_and_the_result_is_kept(uint reason)
    {
        WireBatch wire = WireBatch.Parser.ParseFrom(BatchCodec.Encode(UplinkSamples.Batch("command-reason")));
        EventBody body = EventBody.Parser.ParseFrom(PlainBody(wire.Body));
        Assert.Equal(13u, body.CommandResults[0].Reason);
        body.CommandResults[0].Reason = reason;
        byte[] content = body.ToByteArray();
        wire.Body = new Packed { UnpackedBytes = (uint)content.Length, Content = ByteString.CopyFrom(content) };
        wire.Checksum = 0;
        DecodedBatch decoded = BatchCodec.Decode(Sealed(wire.ToByteArray()));
        Assert.True(decoded.Done, decoded.Why);
        Assert.Equal((CommandOutcome.Failed, CommandReason.None, "the relay is open"), decoded.Batch!.CommandResults[0] is var kept ? (kept.Outcome, kept.Reason, kept.Detail) : default);
    }

    [Theory]
    [InlineData(0u, new[] { 0.0, 1, 1, 0 })]
    [InlineData(2u, new[] { 12.34, 12.3, -7.0, 1e9 })]
    [InlineData(6u, new[] { 0.000001, 5.0 })]
    [InlineData(15u, new[] { 0.0000001 })]
    [InlineData(15u, new[] { 1.0, -0.0 })]
    [InlineData(15u, new[] { 1.0, double.NaN })]
    [InlineData(15u, new[] { 0.1, 9007199254740991.0 })]
    [InlineData(15u, new[] { 3 * 0.1 })]
    public void A_column_is_scaled_with_the_fewest_decimals_that_bring_every_value_back(uint coding, double[] values)
    {
        WireBatch wire = WireBatch.Parser.ParseFrom(BatchCodec.Encode(Samples(values)));
        TelemetryBody body = TelemetryBody.Parser.ParseFrom(PlainBody(wire.Body));
        Assert.Equal([coding], body.ColumnCoding);
        Assert.Equal(values.Length, coding == 15 ? body.Raw.Count : body.Scaled.Count);
    }

    [Fact]
    public void A_body_is_compressed_only_where_that_is_smaller()
    {
        WireBatch small = WireBatch.Parser.ParseFrom(BatchCodec.Encode(Samples(1)));
        WireBatch large = WireBatch.Parser.ParseFrom(BatchCodec.Encode(Samples([.. Enumerable.Range(0, 4000).Select(n => n % 17 * 0.5)])));
        Assert.Equal(Compression.None, small.Body.Compression);
        Assert.Equal(Compression.Brotli, large.Body.Compression);
        Assert.True(large.Body.Content.Length < large.Body.UnpackedBytes / 4);
    }

    [Fact]
    public void A_batch_that_this_version_cannot_read_whole_still_tells_its_key()
    {
        WireBatch wire = WireBatch.Parser.ParseFrom(BatchCodec.Encode(Samples(1, 2)));
        wire.Records = 3;
        wire.Checksum = 0;
        DecodedBatch decoded = BatchCodec.Decode(Sealed(wire.ToByteArray()));
        Assert.False(decoded.Done);
        Assert.Equal(Telemetry, decoded.Key);
        Assert.Contains("2 samples where the batch says 3", decoded.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_that_unpacks_to_more_than_it_says_or_may_is_malformed()
    {
        WireBatch wire = WireBatch.Parser.ParseFrom(BatchCodec.Encode(Samples([.. Enumerable.Range(0, 4000).Select(n => (double)n)])));
        foreach (uint unpackedBytes in (uint[])[wire.Body.UnpackedBytes - 1, wire.Body.UnpackedBytes + 1, UplinkLimits.MaxUnpackedBytes + 1, uint.MaxValue])
        {
            wire.Body.UnpackedBytes = unpackedBytes;
            wire.Checksum = 0;
            Assert.False(BatchCodec.Decode(Sealed(wire.ToByteArray())).Done);
        }
    }

    [Fact]
    public void A_body_of_very_many_empty_records_is_refused_before_it_is_built()
    {
        byte[] body = new byte[UplinkLimits.MaxUnpackedBytes];
        for (int at = 0; at < body.Length; at += 2)
        {
            body[at] = (1 << 3) | 2;
        }

        WireBatch wire = new()
        {
            Site = "riverside",
            Epoch = 1,
            Lane = IotProperty.Protocols.Uplink.Wire.Lane.Event,
            Sequence = 1,
            Records = 8000,
            Body = new Packed { UnpackedBytes = (uint)body.Length, Content = ByteString.CopyFrom(Brotli(body)), Compression = Compression.Brotli },
        };
        Assert.Contains("fields", BatchCodec.Decode(Sealed(wire.ToByteArray())).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Misuse_of_the_encoder_throws()
    {
        Batch good = Samples(1);
        IotProperty.Protocols.Uplink.MeterReading reading = new("m", "energy", "kWh", 0, 1m, 8, Quality.Good, true);
        Assert.Throws<ArgumentException>(() => BatchCodec.Encode(good with { Samples = [] }));
        Assert.Throws<ArgumentException>(() => BatchCodec.Encode(good with { Readings = [reading] }));
        Assert.Throws<ArgumentException>(() => BatchCodec.Encode(good with { Key = good.Key with { Epoch = 0 } }));
        Assert.Throws<ArgumentException>(() => BatchCodec.Encode(good with { Key = good.Key with { Sequence = 0 } }));
        Assert.Throws<ArgumentException>(() => BatchCodec.Encode(good with { Key = good.Key with { Site = "" } }));
        Assert.Throws<ArgumentException>(() => BatchCodec.Encode(good with { Key = good.Key with { Lane = (Lane)9 } }));
        Assert.Throws<ArgumentException>(() => BatchCodec.Encode(Samples(new double[UplinkLimits.MaxRecords + 1])));
        Assert.Throws<ArgumentException>(() => BatchCodec.Encode(good with { Samples = [good.Samples[0] with { Quality = (Quality)7 }] }));
    }

    private static Batch Samples(params double[] values) => new()
    {
        Key = Telemetry,
        Samples = [.. values.Select((value, index) => new Sample(new PointRef("pump-1", "pressure"), 1_795_000_000_000 + (index * 500), value, Quality.Good, true))],
    };

    private static byte[] Sealed(byte[] message)
    {
        byte[] payload = [.. message, .. new byte[MessageSeal.Length]];
        MessageSeal.Write(payload);
        return payload;
    }

    private static byte[] PlainBody(Packed packed)
    {
        byte[] plain = new byte[packed.UnpackedBytes];
        if (packed.Compression == Compression.None)
        {
            return packed.Content.ToByteArray();
        }

        Assert.True(System.IO.Compression.BrotliDecoder.TryDecompress(packed.Content.Span, plain, out int written) && written == plain.Length);
        return plain;
    }

    private static byte[] Brotli(byte[] plain)
    {
        byte[] compressed = new byte[plain.Length];
        Assert.True(System.IO.Compression.BrotliEncoder.TryCompress(plain, compressed, out int written));
        return compressed[..written];
    }

    private static byte[] Edited(byte[] bytes, IEnumerable<(int At, byte Value, int Insert)> edits)
    {
        List<byte> changed = [.. bytes];
        foreach ((int at, byte value, int insert) in edits)
        {
            int index = at % (changed.Count + 1);
            if (insert == 2 || index == changed.Count)
            {
                changed.Insert(index, value);
            }
            else if (insert == 1)
            {
                changed.RemoveAt(index);
            }
            else
            {
                changed[index] = value;
            }
        }

        return [.. changed];
    }
}
