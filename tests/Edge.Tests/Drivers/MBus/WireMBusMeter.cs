using IotProperty.Protocols.MBus;

namespace IotProperty.Edge.Tests.Drivers.MBus;

/// <summary>A meter on a test's wire: the records that the test says, one list a telegram.</summary>
internal sealed class WireMBusMeter(string address, byte primary, params string[] telegrams) : IMBusMeterImage
{
    public byte PrimaryAddress { get; private set; } = primary;

    public MBusSecondaryAddress Address { get; } = MBusSecondaryAddress.TryParse(address, out MBusSecondaryAddress parsed) ? parsed : throw new ArgumentException(address);

    public uint? FabricationNumber => null;

    public byte Status { get; set; }

    public byte? Alarm => null;

    public int Telegrams => telegrams.Length;

    public void WriteRecords(int telegram, ref MBusTelegramWriter records) => records.Raw(Convert.FromHexString(telegrams[telegram]));

    public void TakePrimaryAddress(byte address) => PrimaryAddress = address;

    public void TakeBaud(int baud)
    {
    }
}
