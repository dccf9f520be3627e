namespace IotProperty.Edge.Profiles;

/// <summary>What a device speaks; profiles and messages use <see cref="FieldProtocols.Name"/>.</summary>
public enum FieldProtocol : byte
{
    /// <summary>Modbus: TCP, RTU, or RTU through a serial server; which one, the line says.</summary>
    Modbus,

    /// <summary>DL/T 645-2007.</summary>
    Dlt645Y2007,

    /// <summary>DL/T 645-1997.</summary>
    Dlt645Y1997,

    /// <summary>CJ/T 188-2004 and -2018.</summary>
    Cjt188,

    /// <summary>M-Bus, EN 13757-2 and -3.</summary>
    MBus,

    /// <summary>Contacts and analogue channels of the box itself, through the kernel.</summary>
    Onboard,
}

/// <summary>The names of the protocols in files.</summary>
public static class FieldProtocols
{
    private static readonly (FieldProtocol Protocol, string Name)[] Named =
    [
        (FieldProtocol.Modbus, "modbus"),
        (FieldProtocol.Dlt645Y2007, "dlt645-2007"),
        (FieldProtocol.Dlt645Y1997, "dlt645-1997"),
        (FieldProtocol.Cjt188, "cjt188"),
        (FieldProtocol.MBus, "mbus"),
        (FieldProtocol.Onboard, "onboard"),
    ];

    /// <summary>All names with their protocols, in the order of the enumeration.</summary>
    public static IReadOnlyDictionary<string, FieldProtocol> ByName { get; } = Named.ToDictionary(n => n.Name, n => n.Protocol);

    /// <summary>The protocol's name in files.</summary>
    public static string Name(FieldProtocol protocol) => Named.First(n => n.Protocol == protocol).Name;

    /// <summary>Whether devices of the protocol share two wires with others: an RS-485 or M-Bus line, or a raw serial server.</summary>
    public static bool IsBus(FieldProtocol protocol) => protocol != FieldProtocol.Onboard;
}
