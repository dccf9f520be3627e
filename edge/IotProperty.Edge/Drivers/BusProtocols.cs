using IotProperty.Edge.Drivers.Cjt188;
using IotProperty.Edge.Drivers.Dlt645;
using IotProperty.Edge.Drivers.MBus;
using IotProperty.Edge.Drivers.ModbusRtu;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Drivers;

/// <summary>The field protocols that a bus can carry. A new one is a folder beside this file and a line here.</summary>
public static class BusProtocols
{
    /// <summary>A protocol's adapter, made for one line.</summary>
    /// <param name="mistakes">Where adapters tell once what a device sends and its profile cannot use.</param>
    public static IBusProtocol Create(FieldProtocol protocol, BusLineOptions line, bool isRemote, ItemMistakes mistakes)
    {
        ArgumentNullException.ThrowIfNull(line);
        return protocol switch
        {
            FieldProtocol.Modbus => new ModbusRtuProtocol(line, isRemote),
            FieldProtocol.Cjt188 => new Cjt188Protocol(mistakes),
            FieldProtocol.MBus => new MBusProtocol(line, isRemote, mistakes),
            FieldProtocol.Dlt645Y2007 or FieldProtocol.Dlt645Y1997 => new Dlt645Protocol(mistakes),
            _ => throw new ArgumentOutOfRangeException(nameof(protocol), protocol, "no bus carries this protocol"),
        };
    }
}
