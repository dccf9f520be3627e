using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

public sealed class PseudoTerminalTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_wire_outlives_those_who_open_and_close_the_port()
    {
        await using PseudoTerminal wire = PseudoTerminal.Open();
        byte[] got = new byte[8];
        for (int i = 0; i < 3; i++)
        {
            Task<int> waiting = wire.ReadAsync(got, default).AsTask();
            await using (SerialChannel port = SerialChannel.Open(wire.SlavePath, new SerialSettings(2400)))
            {
                Assert.True(wire.SlaveIsOpen);
                await port.WriteAsync(new[] { (byte)i }, default);
                Assert.Equal(1, await waiting.WaitAsync(Soon));
                Assert.Equal(i, got[0]);
                Assert.Equal(2400, wire.SlaveBaud);
            }

            Assert.False(wire.SlaveIsOpen);
            Assert.False(wire.PeerHasClosed);
        }
    }

    [Fact]
    public async Task What_is_said_while_nobody_listens_is_lost()
    {
        await using PseudoTerminal wire = PseudoTerminal.Open();
        await SerialChannel.Open(wire.SlavePath, new SerialSettings(2400)).DisposeAsync();
        await wire.WriteAsync(new byte[] { 1, 2, 3 }, default);
        await using SerialChannel port = SerialChannel.Open(wire.SlavePath, new SerialSettings(2400));
        Assert.Equal(0, port.Available);
        await wire.WriteAsync(new byte[] { 4 }, default);
        byte[] got = new byte[8];
        Assert.Equal(1, await port.ReadAsync(got, default).AsTask().WaitAsync(Soon));
        Assert.Equal(4, got[0]);
    }
}
