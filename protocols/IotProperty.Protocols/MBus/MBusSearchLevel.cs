namespace IotProperty.Protocols.MBus;

/// <summary>By which part of the address a level tells meters apart.</summary>
internal enum MBusAddressPart : byte
{
    Digits,
    Fabrication,
    Maker,
    Medium,
    Version,
}

/// <summary>One selection.</summary>
internal readonly record struct MBusProbe(MBusSecondaryAddress Selection, uint? Fabrication);

/// <summary>One selection that several meters answered, being tried part by part.</summary>
internal sealed class MBusSearchLevel(MBusProbe from, MBusAddressPart part, int count, ushort[] makers)
{
    public MBusProbe Base { get; } = from;

    public MBusAddressPart Part { get; } = part;

    public int Count { get; } = count;

    /// <summary>What the parts are where they are makers.</summary>
    public ushort[] Makers { get; } = makers;

    public int Next { get; set; }

    /// <summary>Somebody answered one of the parts.</summary>
    public bool Answered { get; set; }

    public bool Repeated { get; set; }

    /// <summary>How many meters were found below.</summary>
    public int Found { get; set; }
}
