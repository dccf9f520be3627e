using System.Globalization;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;
using IotProperty.Simulators.Buses;

namespace IotProperty.Simulators.Devices;

/// <summary>A meter on a wired M-Bus, primary and secondary address, in as many telegrams as its items need. It takes no orders but those of the link.</summary>
public sealed class MBusStation : MeterStation, IMBusMeterImage
{
    private readonly MBusResponder _responder;
    private readonly IReadOnlyList<MBusItemRecord> _records;

    public MBusStation(SimulatedMeter meter, IServedItems ledger)
        : base(meter, MBusDialect.Instance, ledger)
    {
        ArgumentNullException.ThrowIfNull(meter);
        Address = MBusSecondaryAddress.TryParse(meter.Address, out MBusSecondaryAddress address) && address.IsExact
            ? address
            : throw new ArgumentException($"{meter.Id}: '{meter.Address}' is no whole secondary address of M-Bus", nameof(meter));
        _records = [.. meter.Items.Select(MBusItemRecord.Of)];
        _responder = new MBusResponder(this);
    }

    public byte PrimaryAddress => Meter.Unit;

    public MBusSecondaryAddress Address { get; }

    public uint? FabricationNumber => null;

    public byte Status => 0;

    public byte? Alarm => null;

    public int Telegrams => 1 + ((_records.Count - 1) / Meter.ItemsPerTelegram);

    public void WriteRecords(int telegram, ref MBusTelegramWriter records)
    {
        Forget();
        foreach (MBusItemRecord record in _records.Skip(telegram * Meter.ItemsPerTelegram).Take(Meter.ItemsPerTelegram))
        {
            record.Write(ref records, Show(record.Item));
        }
    }

    /// <summary>The building's meters keep the address that they were given.</summary>
    public void TakePrimaryAddress(byte address)
    {
    }

    /// <summary>… and their speed.</summary>
    public void TakeBaud(int baud)
    {
    }

    public override int Answer(ReadOnlySpan<byte> request, Span<byte> reply)
    {
        if (MBusFrame.Scan(request, out MBusFrame frame, out _) != ScanStatus.Done)
        {
            return 0;
        }

        // A repeated request gets the same telegram again, and with it the values that it shows.
        int length = _responder.Answer(frame, reply);
        if (length == 1)
        {
            Forget();
        }

        return length;
    }

    protected override void Reset() => _responder.Reboot();
}

/// <summary>How an item of a meter stands in a telegram.</summary>
internal sealed record MBusItemRecord(MeterItem Item, MBusRecordKey Key, byte[] Vib, bool IsRegister)
{
    private const byte SecondExtension = 0xFD;

    private const int RegisterDigits = 8;

    /// <summary>Of a quantity in a unit: the VIF whose step is the unit itself. A finer step by n powers of ten is n less (EN 13757-3, tables 10 and 14).</summary>
    private static readonly Dictionary<(string Quantity, string Unit), (byte[] Prefix, byte Vif, bool IsRegister)> Vifs = new()
    {
        [("energy", "kWh")] = ([], 0x06, true),
        [("volume", "m3")] = ([], 0x16, true),
        [("power", "W")] = ([], 0x2B, false),
        [("power", "kW")] = ([], 0x2E, false),
        [("volume_flow", "m3/h")] = ([], 0x3E, false),
        [("flow_temperature", "degC")] = ([], 0x5B, false),
        [("return_temperature", "degC")] = ([], 0x5F, false),
        [("voltage", "V")] = ([SecondExtension], 0x49, false),
        [("current", "A")] = ([SecondExtension], 0x5C, false),
    };

    public static MBusItemRecord Of(MeterItem item)
    {
        string[] parts = item.Item.Split('/');
        if (!Vifs.TryGetValue((parts[0], item.Unit), out (byte[] Prefix, byte Vif, bool IsRegister) known))
        {
            throw new ArgumentException($"no VIF for {item.Item} in {item.Unit}", nameof(item));
        }

        MBusRecordKey key = MBusRecordKey.Present;
        foreach (string[] selector in parts.Skip(1).Select(p => p.Split('=')))
        {
            int number = int.Parse(selector[1], NumberStyles.None, CultureInfo.InvariantCulture);
            key = selector[0] switch
            {
                "storage" => key with { Storage = number },
                "tariff" => key with { Tariff = number },
                "subunit" => key with { Subunit = number },
                _ => throw new ArgumentException($"no selector {selector[0]} in {item.Item}", nameof(item)),
            };
        }

        return new MBusItemRecord(item, key, [.. known.Prefix, (byte)(known.Vif - item.Decimals)], known.IsRegister);
    }

    public void Write(ref MBusTelegramWriter records, decimal value)
    {
        long steps = (long)(value * Power(Item.Decimals));
        if (IsRegister)
        {
            records.Bcd(Key, Vib, RegisterDigits, steps);
        }
        else
        {
            records.Integer(Key, Vib, sizeof(int), steps);
        }
    }

    private static decimal Power(int decimals) => decimals == 0 ? 1 : 10 * Power(decimals - 1);
}
