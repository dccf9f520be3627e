using System.Text;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Protocols.Tests.Uplink;

public class MessageSealTests
{
    /// <summary>RFC 3720 appendix B.4, and the check value of CRC-32/ISCSI in the catalogue of parametrised CRC algorithms.</summary>
    [Fact]
    public void The_checksum_is_the_Castagnoli_one_of_the_RFC()
    {
        byte[] rising = [.. Enumerable.Range(0, 32).Select(n => (byte)n)];
        Assert.Equal(0x8A9136AAu, MessageSeal.Crc32C(new byte[32]));
        Assert.Equal(0x62A8AB43u, MessageSeal.Crc32C(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, MessageSeal.Crc32C(rising));
        Assert.Equal(0x113FDB5Cu, MessageSeal.Crc32C(rising.Reverse().ToArray()));
        Assert.Equal(0xE3069283u, MessageSeal.Crc32C(Encoding.ASCII.GetBytes("123456789")));
    }

    [Fact]
    public void A_message_longer_than_the_wire_allows_does_not_hold()
    {
        byte[] message = new byte[UplinkLimits.MaxEncodedBytes + 1];
        MessageSeal.Write(message);
        Assert.False(MessageSeal.Holds(message, out string why));
        Assert.Contains("longer", why, StringComparison.Ordinal);
        Assert.True(MessageSeal.Holds(Sealed(message.Length - 1), out _));
    }

    private static byte[] Sealed(int length)
    {
        byte[] message = new byte[length];
        MessageSeal.Write(message);
        return message;
    }
}
