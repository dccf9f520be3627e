using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Framing;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Framing;

public sealed class ReceiveBufferTests
{
    [Fact]
    public void What_is_unread_survives_the_move_to_the_front()
    {
        ReceiveBuffer buffer = new(4);
        new byte[] { 1, 2, 3, 4 }.CopyTo(buffer.Free());
        buffer.Received(4);
        buffer.Consume(3);
        Memory<byte> free = buffer.Free();
        Assert.Equal(3, free.Length);
        free.Span[0] = 5;
        buffer.Received(1);
        Assert.Equal([4, 5], buffer.Unread.ToArray());
    }

    [Fact]
    public void Misuse_throws_at_once()
    {
        ReceiveBuffer buffer = new(4);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Received(5));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Consume(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReceiveBuffer(0));
    }

    [Fact]
    public void Any_interleaving_of_receiving_and_consuming_keeps_the_order() =>
        Prop.ForAll<byte[]>(steps =>
        {
            ReceiveBuffer buffer = new(16);
            Queue<byte> model = new();
            byte next = 0;
            foreach (byte step in steps)
            {
                Memory<byte> free = buffer.Free();
                int take = Math.Min(step & 7, free.Length);
                for (int i = 0; i < take; i++)
                {
                    next = unchecked((byte)(next + 1));
                    free.Span[i] = next;
                    model.Enqueue(next);
                }

                buffer.Received(take);
                int drop = Math.Min(step >> 5, buffer.Unread.Length);
                buffer.Consume(drop);
                for (int i = 0; i < drop; i++)
                {
                    model.Dequeue();
                }

                if (!buffer.Unread.SequenceEqual(model.ToArray()))
                {
                    return false;
                }
            }

            return true;
        }).Check(PropertyRun.Config);
}
