namespace IotProperty.Protocols.MBus;

/// <summary>The status byte of a header (EN 13757-3, §5.10).</summary>
/// <param name="Bits">As on the wire; bits 5 to 7 are the maker's.</param>
public readonly record struct MBusStatus(byte Bits)
{
    /// <summary>The two lowest bits: the application is busy.</summary>
    public bool IsBusy => (Bits & 0x03) == 1;

    /// <summary>The two lowest bits: some application error, or an abnormal condition.</summary>
    public bool HasApplicationError => (Bits & 0x03) >= 2;

    public bool IsPowerLow => (Bits & 0x04) != 0;

    public bool HasPermanentError => (Bits & 0x08) != 0;

    public bool HasTemporaryError => (Bits & 0x10) != 0;
}
