using IotProperty.Edge.Drivers.Onboard;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Modbus;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers;

/// <summary>Which driver a line of a site gets.</summary>
public static class LineDrivers
{
    /// <summary>The driver of a line; nothing is opened before the first request.</summary>
    /// <param name="dataFolder">Where counts of pulses are kept.</param>
    /// <param name="jitter">Seeded by the host; used by this driver alone.</param>
    public static ILineDriver Open(LineConfiguration line, string dataFolder, TimeProvider time, Random jitter, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(line);
        return line.Transport switch
        {
            ModbusTcpTransport tcp => new ModbusTcpDriver(OptionsOf(line, tcp), time, jitter, loggers.CreateLogger<ModbusTcpDriver>()),
            SerialTransport or SerialServerTransport => BusDriver.Open(line, time, jitter, loggers.CreateLogger<BusLine>()),
            OnboardTransport => OnboardDriver.Open(line.Devices, dataFolder, new KernelHardware(), time, jitter, loggers.CreateLogger<OnboardDriver>()),
            _ => throw new InvalidOperationException($"no driver for {line.Transport}"),
        };
    }

    private static ModbusTcpDriverOptions OptionsOf(LineConfiguration line, ModbusTcpTransport tcp) => new(line.Id, tcp.Host, tcp.Port)
    {
        RequestTimeout = TimeSpan.FromMilliseconds(line.TimeoutMs),
        Tolerance = ToleranceOf(line),
        LockKey = tcp.Key,
    };

    /// <summary>One connection serves all devices of the line, so what one of them needs is granted to all.</summary>
    private static ModbusTolerance ToleranceOf(LineConfiguration line) =>
        (line.Devices.Any(device => device.Profile.Quirks.TransactionZero) ? ModbusTolerance.TransactionZero : ModbusTolerance.None)
        | (line.Devices.Any(device => device.Profile.Quirks.AnyUnit) ? ModbusTolerance.AnyUnit : ModbusTolerance.None);
}
