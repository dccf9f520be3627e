using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Benchmarks.Bus;

/// <summary>Lines of equal Modbus devices, as a site file would describe them.</summary>
internal static class BusSite
{
    public static LineConfiguration Line(string id, LineTransport transport, int timeoutMs, DeviceProfile profile, int units) => new()
    {
        Id = id,
        Transport = transport,
        TimeoutMs = timeoutMs,
        Devices =
        [
            .. Enumerable.Range(1, units).Select(unit => new DeviceConfiguration
            {
                Id = $"unit-{unit}",
                Name = new LocalText("", ""),
                Address = new ModbusAddress((byte)unit),
                Profile = profile,
                PollMs = profile.PollMs,
            }),
        ],
    };

    /// <summary>A meter whose holding registers from 0 on are points.</summary>
    public static DeviceProfile Profile(int registers, int pollMs) => new()
    {
        Id = "bench",
        Name = new LocalText("", ""),
        Kind = DeviceKind.ElectricityMeter,
        Source = "this benchmark",
        PollMs = pollMs,
        Points =
        [
            .. Enumerable.Range(0, registers).Select(i => new PointDefinition
            {
                Id = $"r{i}",
                Name = new LocalText("", ""),
                Place = new RegisterPlace(PointTable.Holding, (ushort)i, PointType.Uint16),
            }),
        ],
    };
}
