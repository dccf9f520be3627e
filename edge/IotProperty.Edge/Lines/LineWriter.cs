using System.Collections.Frozen;
using IotProperty.Edge.Drivers;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Lines;

/// <summary>Finds the line of a device. Made before the lines run, because those who write are also those whom lines tell: <see cref="Connect"/> closes the circle.</summary>
public sealed class LineWriter : ILineWriter
{
    private FrozenDictionary<string, (LineRunner Line, byte Unit)> _devices = FrozenDictionary<string, (LineRunner Line, byte Unit)>.Empty;

    /// <summary>Tells which lines there are; called once, before any of them runs.</summary>
    public void Connect(IEnumerable<LineRunner> lines) =>
        _devices = lines
            .SelectMany(line => line.Line.Devices.Select(device => (device.Id, Line: line, device.Unit)))
            .ToFrozenDictionary(device => device.Id, device => (device.Line, device.Unit));

    /// <inheritdoc/>
    public ValueTask<DriverReply> WriteCoilAsync(string device, ushort coil, bool value, CancellationToken cancellationToken) =>
        _devices.TryGetValue(device, out (LineRunner Line, byte Unit) target)
            ? target.Line.WriteCoilAsync(target.Unit, coil, value, cancellationToken)
            : ValueTask.FromResult(new DriverReply(DriverOutcome.LineDown, ModbusExceptionCode.None, $"no line has a device '{device}'"));
}
