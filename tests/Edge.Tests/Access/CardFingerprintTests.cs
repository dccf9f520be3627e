using System.Globalization;
using System.Security.Cryptography;
using IotProperty.Edge.Access;

namespace IotProperty.Edge.Tests.Access;

public class CardFingerprintTests
{
    [Fact]
    public void Fingerprint_is_the_start_of_the_keyed_hash_over_the_number()
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        string whole = Convert.ToHexStringLower(HMACSHA256.HashData(key, new byte[] { 0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78 }));
        Assert.Equal(whole[..16], new CardFingerprint(key).Of(0x12345678));
    }

    [Fact]
    public void Another_card_or_another_key_gives_another_fingerprint()
    {
        CardFingerprint one = new(new byte[32]);
        CardFingerprint other = new([1, .. new byte[31]]);
        Assert.Equal(one.Of(7), one.Of(7));
        Assert.NotEqual(one.Of(7), one.Of(8));
        Assert.NotEqual(one.Of(7), other.Of(7));
        Assert.DoesNotContain(7.ToString("x16", CultureInfo.InvariantCulture), one.Of(7), StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_key_is_misuse() => Assert.Throws<ArgumentException>(() => new CardFingerprint(new byte[16]));
}
