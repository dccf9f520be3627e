using IotProperty.Protocols.MBus;

namespace IotProperty.Protocols.Tests.MBus;

/// <summary>A meter that shows one counter a telegram.</summary>
internal sealed class FakeMeter(string address, byte primary = 0) : IMBusMeterImage
{
    // Volume in litres (10^-3 m3).
    private static readonly byte[] Volume = [0x13];

    public byte PrimaryAddress { get; private set; } = primary;

    public MBusSecondaryAddress Address { get; } = MBusSecondaryAddress.TryParse(address, out MBusSecondaryAddress parsed) ? parsed : throw new ArgumentException(address);

    public uint? FabricationNumber { get; init; }

    public byte Status { get; init; }

    public byte? Alarm { get; init; }

    public int Telegrams { get; init; } = 1;

    public int[] Counters { get; } = [12_345, 67_890, 111];

    public int Baud { get; private set; }

    /// <summary>How often records were asked for, so how often the meter sent something new.</summary>
    public int Written { get; private set; }

    public void WriteRecords(int telegram, ref MBusTelegramWriter records)
    {
        Written++;
        records.Bcd(MBusRecordKey.Present with { Storage = telegram }, Volume, 8, Counters[telegram]);
    }

    public void TakePrimaryAddress(byte address) => PrimaryAddress = address;

    public void TakeBaud(int baud) => Baud = baud;
}
