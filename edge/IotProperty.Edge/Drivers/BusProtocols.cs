using IotProperty.Edge.Drivers.ModbusRtu;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Drivers;

/// <summary>The field protocols that a bus can carry. A new one is a folder beside this file and a line here.</summary>
public static class BusProtocols
{
    /// <summary>A protocol's adapter, made for one line.</summary>
    public static IBusProtocol Create(FieldProtocol protocol, BusLineOptions line, bool isRemote)
    {
        ArgumentNullException.ThrowIfNull(line);
        return protocol switch
        {
            FieldProtocol.Modbus => new ModbusRtuProtocol(line, isRemote),
            _ => throw new ArgumentOutOfRangeException(nameof(protocol), protocol, "no bus carries this protocol"),
        };
    }
}
