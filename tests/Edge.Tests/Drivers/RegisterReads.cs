using IotProperty.Edge.Drivers;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Polling;

namespace IotProperty.Edge.Tests.Drivers;

/// <summary>Plain reads and writes of a unit, for tests that care about the wire and not about profiles.</summary>
internal static class RegisterReads
{
    public static DeviceConfiguration Device(byte unit) => LineScript.Device($"unit-{unit}") with { Address = new ModbusAddress(unit) };

    public static async ValueTask<DriverReply> ReadRegistersAsync(
        this ILineDriver driver, byte unit, PointTable table, ushort address, Memory<ushort> destination, CancellationToken cancellationToken)
    {
        BlockValues values = new();
        DriverReply reply = await driver.ReadAsync(Device(unit), new RegisterBlock(table, address, destination.Length, []), values, cancellationToken);
        if (reply.Outcome == DriverOutcome.Ok)
        {
            values.Registers.AsMemory(0, destination.Length).CopyTo(destination);
        }

        return reply;
    }

    public static async ValueTask<DriverReply> ReadBitsAsync(
        this ILineDriver driver, byte unit, PointTable table, ushort address, Memory<bool> destination, CancellationToken cancellationToken)
    {
        BlockValues values = new();
        DriverReply reply = await driver.ReadAsync(Device(unit), new RegisterBlock(table, address, destination.Length, []), values, cancellationToken);
        if (reply.Outcome == DriverOutcome.Ok)
        {
            values.Bits.AsMemory(0, destination.Length).CopyTo(destination);
        }

        return reply;
    }

    public static ValueTask<DriverReply> WriteCoilAsync(this ILineDriver driver, byte unit, ushort address, bool value, CancellationToken cancellationToken) =>
        driver.WriteCoilAsync(Device(unit), address, value, cancellationToken);

    public static ValueTask<DriverReply> WriteRegistersAsync(this ILineDriver driver, byte unit, ushort address, ReadOnlyMemory<ushort> values, CancellationToken cancellationToken) =>
        driver.WriteRegistersAsync(Device(unit), address, values, cancellationToken);
}
