namespace IotProperty.Protocols.MBus;

/// <summary>What one meter serves. The responder does link, selection, header and access number; one call at a time.</summary>
public interface IMBusMeterImage
{
    /// <summary>0 (never given one) to 250.</summary>
    byte PrimaryAddress { get; }

    /// <summary>Exact: no wildcards.</summary>
    MBusSecondaryAddress Address { get; }

    /// <summary>The number of an enhanced selection, each hexadecimal digit one decimal digit; null where the meter knows no enhanced selection.</summary>
    uint? FabricationNumber { get; }

    /// <summary>Bits of <see cref="MBusStatus"/>.</summary>
    byte Status { get; }

    /// <summary>What CI 71 would say; null where there is no alarm.</summary>
    byte? Alarm { get; }

    /// <summary>How many telegrams a readout takes; at least 1.</summary>
    int Telegrams { get; }

    /// <summary>Writes the records of one telegram; the responder closes it when more follow.</summary>
    /// <param name="telegram">From 0.</param>
    void WriteRecords(int telegram, ref MBusTelegramWriter records);

    /// <summary>The master gives another address, 0 to 250.</summary>
    void TakePrimaryAddress(byte address);

    /// <summary>The master changes the line's speed; the acknowledgement still goes out at the old one.</summary>
    void TakeBaud(int baud);
}
