namespace IotProperty.Protocols.MBus;

/// <summary>What of a quantity a record holds (bits 4 and 5 of the DIF; EN 13757-3, §6.3.2).</summary>
public enum MBusFunction : byte
{
    /// <summary>The value now, or at the time of its storage.</summary>
    Instantaneous,
    Maximum,
    Minimum,

    /// <summary>The value during a state of error.</summary>
    Error,
}

/// <summary>Which of several values of one quantity a record holds (DIF and DIFE; EN 13757-3, §6.3).</summary>
/// <param name="Storage">0 is the present value, others are kept ones. Up to 41 bits.</param>
/// <param name="Tariff">0 is the total. Up to 20 bits.</param>
/// <param name="Subunit">The part of the device. Up to 10 bits.</param>
public readonly record struct MBusRecordKey(MBusFunction Function, long Storage, int Tariff, int Subunit)
{
    /// <summary>The present total of the device.</summary>
    public static MBusRecordKey Present { get; }
}
