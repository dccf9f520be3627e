using System.Collections.Frozen;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Lines;

/// <summary>Finds the line of a device. Made before the lines run, because those who write are also those whom lines tell: <see cref="Connect"/> closes the circle.</summary>
public sealed class LineWriter : ILineWriter
{
    private FrozenDictionary<string, (LineRunner Line, DeviceConfiguration Device)> _devices = FrozenDictionary<string, (LineRunner Line, DeviceConfiguration Device)>.Empty;

    /// <summary>Tells which lines there are; called once, before any of them runs.</summary>
    public void Connect(IEnumerable<LineRunner> lines) =>
        _devices = lines
            .SelectMany(line => line.Line.Devices.Select(device => (device.Id, Line: line, Device: device)))
            .ToFrozenDictionary(device => device.Id, device => (device.Line, device.Device));

    /// <inheritdoc/>
    public ValueTask<DriverReply> WriteCoilAsync(string device, ushort coil, bool value, CancellationToken cancellationToken) =>
        _devices.TryGetValue(device, out (LineRunner Line, DeviceConfiguration Device) target)
            ? target.Line.WriteCoilAsync(target.Device, coil, value, cancellationToken)
            : ValueTask.FromResult(new DriverReply(DriverOutcome.LineDown, ModbusExceptionCode.None, Unknown(device)));

    /// <inheritdoc/>
    public ValueTask<BusReply> ExchangeAsync(string device, IBusMaster session, BusTiming timing, CancellationToken cancellationToken) =>
        _devices.TryGetValue(device, out (LineRunner Line, DeviceConfiguration Device) target)
            ? target.Line.ExchangeAsync(session, timing, cancellationToken)
            : ValueTask.FromResult(new BusReply(BusOutcome.LineDown, Unknown(device)));

    private static string Unknown(string device) => $"no line has a device '{device}'";
}
