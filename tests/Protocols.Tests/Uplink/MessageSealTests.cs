using IotProperty.Protocols.Uplink;

namespace IotProperty.Protocols.Tests.Uplink;

public class MessageSealTests
{
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
