using System.Text;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Protocols.Tests.Uplink;

public class Crc32CTests
{
    /// <summary>RFC 3720 appendix B.4, and the check value of CRC-32/ISCSI in the catalogue of parametrised CRC algorithms.</summary>
    [Fact]
    public void The_checksum_is_the_Castagnoli_one_of_the_RFC()
    {
        byte[] rising = [.. Enumerable.Range(0, 32).Select(n => (byte)n)];
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Of(rising));
        Assert.Equal(0x113FDB5Cu, Crc32C.Of(rising.Reverse().ToArray()));
        Assert.Equal(0xE3069283u, Crc32C.Of(Encoding.ASCII.GetBytes("123456789")));
    }

    [Fact]
    public void Two_parts_give_the_checksum_of_the_whole_wherever_they_are_cut()
    {
        byte[] whole = [.. Enumerable.Range(0, 41).Select(n => (byte)(n * 6))];
        Assert.All(Enumerable.Range(0, whole.Length + 1), cut => Assert.Equal(Crc32C.Of(whole), Crc32C.Of(whole.AsSpan(0, cut), whole.AsSpan(cut))));
    }
}
