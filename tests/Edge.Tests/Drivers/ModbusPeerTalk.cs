using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Tests.Drivers;

/// <summary>What every Modbus driver of ours and every server of <see cref="ModbusServerScripts"/> must agree on.</summary>
internal static class ModbusPeerTalk
{
    public static async Task SpeakAsync(ILineDriver driver, ILineObservable observable)
    {
        await ReadTablesAsync(driver);
        await WriteAsync(driver);

        ushort[] beyond = new ushort[10];
        DriverReply refused = await driver.ReadRegistersAsync(1, PointTable.Holding, 195, beyond, default);
        Assert.Equal((DriverOutcome.NoSuchData, ModbusExceptionCode.IllegalDataAddress), (refused.Outcome, refused.Exception));

        // The refusal cost nothing: the same connection goes on.
        Assert.Equal(DriverReply.Ok, await driver.ReadRegistersAsync(1, PointTable.Holding, 0, beyond, default));
        LineSnapshot snapshot = observable.Snapshot();
        Assert.Equal((1, 0, 0), (snapshot.Connects, snapshot.ForeignReplies + snapshot.LateReplies, snapshot.NoiseBytes));
    }

    private static async Task ReadTablesAsync(ILineDriver driver)
    {
        ushort[] registers = new ushort[125];
        bool[] bits = new bool[199];
        Assert.Equal(DriverReply.Ok, await driver.ReadRegistersAsync(1, PointTable.Holding, 75, registers, default));
        Assert.Equal(Enumerable.Range(1075, 125), registers.Select(r => (int)r));
        Assert.Equal(DriverReply.Ok, await driver.ReadRegistersAsync(1, PointTable.Input, 3, registers.AsMemory(0, 1), default));
        Assert.Equal(2003, registers[0]);
        Assert.Equal(DriverReply.Ok, await driver.ReadBitsAsync(1, PointTable.Coil, 1, bits, default));
        Assert.Equal(Enumerable.Range(1, 199).Select(n => n % 3 == 0), bits);
        Assert.Equal(DriverReply.Ok, await driver.ReadBitsAsync(1, PointTable.Discrete, 1, bits.AsMemory(0, 9), default));
        Assert.Equal(Enumerable.Range(1, 9).Select(n => n % 2 == 0), bits[..9]);
    }

    private static async Task WriteAsync(ILineDriver driver)
    {
        ushort[] registers = new ushort[3];
        bool[] coil = new bool[1];
        Assert.Equal(DriverReply.Ok, await driver.WriteRegistersAsync(1, 10, new ushort[] { 0xCAFE }, default));
        Assert.Equal(DriverReply.Ok, await driver.WriteRegistersAsync(1, 11, new ushort[] { 1, 65535 }, default));
        Assert.Equal(DriverReply.Ok, await driver.ReadRegistersAsync(1, PointTable.Holding, 10, registers, default));
        Assert.Equal([0xCAFE, 1, 65535], registers);
        foreach (bool value in new[] { true, false, true })
        {
            Assert.Equal(DriverReply.Ok, await driver.WriteCoilAsync(1, 7, value, default));
            Assert.Equal(DriverReply.Ok, await driver.ReadBitsAsync(1, PointTable.Coil, 7, coil, default));
            Assert.Equal(value, coil[0]);
        }
    }
}
