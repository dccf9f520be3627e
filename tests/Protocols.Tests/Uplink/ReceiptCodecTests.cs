using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Uplink;

public class ReceiptCodecTests
{
    private static readonly Receipt Committed = new(new BatchKey("riverside", 5, Lane.Event, 9), ReceiptStatus.Committed, "");

    [Fact]
    public void What_is_decoded_is_what_was_encoded_and_every_truncation_is_malformed() =>
        Prop.ForAll(UplinkGen.Receipt("riverside").NonEmptyListOf().ToArbitrary(), receipts =>
        {
            byte[] payload = ReceiptCodec.Encode([.. receipts]);
            Decoded<IReadOnlyList<Receipt>> decoded = ReceiptCodec.Decode(payload);
            Assert.Equal("", decoded.Why);
            Assert.Equal(receipts, decoded.Value);
            for (int length = 0; length < payload.Length; length++)
            {
                Assert.False(ReceiptCodec.Decode(payload.AsSpan(0, length)).Done);
            }
        }).Check(PropertyRun.Config);

    [Fact]
    public void Random_and_mutated_bytes_never_throw() =>
        Prop.ForAll<byte[], int, byte>((bytes, at, value) =>
        {
            byte[] payload = [.. ReceiptCodec.Encode(Committed, Committed with { Status = ReceiptStatus.Refused, Reason = "why not" })];
            payload[(at & int.MaxValue) % (payload.Length - MessageSeal.Length)] = value;
            MessageSeal.Write(payload);
            Decoded<IReadOnlyList<Receipt>> decoded = ReceiptCodec.Decode(payload);
            Assert.Equal(decoded.Done, decoded.Why.Length == 0);
            Assert.False(ReceiptCodec.Decode(bytes).Done);
        }).Check(PropertyRun.Config.WithMaxTest(1000));

    [Fact]
    public void Receipts_of_two_sites_or_none_are_misuse()
    {
        Assert.Throws<ArgumentException>(() => ReceiptCodec.Encode());
        Assert.Throws<ArgumentException>(() => ReceiptCodec.Encode(Committed, Committed with { Key = Committed.Key with { Site = "hillside" } }));
    }
}
