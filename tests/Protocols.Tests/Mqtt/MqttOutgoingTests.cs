using System.Buffers;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Protocols.Tests.Mqtt;

public class MqttOutgoingTests
{
    [Fact]
    public void What_was_taken_stays_as_it_is_while_more_collects()
    {
        MqttOutgoing outgoing = new(initialBytes: 4, keptBytes: 64);
        outgoing.Write((ReadOnlySpan<byte>)[1, 2, 3, 4, 5, 6]);
        ReadOnlyMemory<byte> taken = outgoing.TakeForSending();
        outgoing.Write((ReadOnlySpan<byte>)[7, 8, 9, 10, 11, 12, 13]);
        Assert.Equal([1, 2, 3, 4, 5, 6], taken.ToArray());
        Assert.Equal(7, outgoing.Count);
        Assert.Equal([7, 8, 9, 10, 11, 12, 13], outgoing.TakeForSending().ToArray());
        Assert.Equal(0, outgoing.Count);
    }

    [Fact]
    public void A_buffer_that_one_large_message_blew_up_is_not_kept()
    {
        MqttOutgoing outgoing = new(initialBytes: 4, keptBytes: 8);
        outgoing.Write(new byte[100]);
        outgoing.TakeForSending();
        outgoing.TakeForSending();
        Assert.Equal(4, outgoing.GetMemory().Length);
    }

    [Fact]
    public void Saying_that_more_was_written_than_fits_is_refused()
    {
        MqttOutgoing outgoing = new(initialBytes: 4, keptBytes: 8);
        Assert.Throws<ArgumentOutOfRangeException>(() => outgoing.Advance(5));
        Assert.Throws<ArgumentOutOfRangeException>(() => outgoing.Advance(-1));
    }
}
