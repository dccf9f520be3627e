using IotProperty.Benchmarks.Harness;
using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;

namespace IotProperty.Benchmarks.Decode;

/// <summary>
/// A meter's answer from bytes to exact numbers: framing, checksum, and every value that the frame holds. One frame for each meter protocol: five energies of a
/// DL/T 645 meter, a CJ/T 188 water meter's reading, an M-Bus meter's telegram of eight records.
/// </summary>
internal sealed class MeterFrameBenchmark : IBenchmark
{
    private const double RatioFloor = 2;
    private const double BytesCeiling = 256;

    public string Name => "meter-frame-decode";

    public string Description => "a meter's answer from bytes to numbers, for DL/T 645, CJ/T 188 and M-Bus, against taking it apart as hexadecimal text";

    public bool PinToOneCore => true;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        byte[] dlt645 = Dlt645Answer();
        byte[] cjt188 = Cjt188Answer();
        byte[] mbus = MBusAnswer();
        return
        [
            .. await MeasureAsync(run, "dlt645", () => Dlt645(dlt645), () => HexText.Decode(dlt645, 0, Dlt645Values)),
            .. await MeasureAsync(run, "cjt188", () => Cjt188(cjt188), () => HexText.Decode(cjt188, 0, Cjt188Values)),
            .. await MeasureAsync(run, "mbus", () => MBus(mbus), () => HexText.Decode(mbus, 4, MBusValues)),
        ];
    }

    private static ReadOnlySpan<HexText.Value> Dlt645Values => new HexText.Value[] { new(14, 4, 2, 0x33), new(18, 4, 2, 0x33), new(22, 4, 2, 0x33), new(26, 4, 2, 0x33), new(30, 4, 2, 0x33) };

    private static ReadOnlySpan<HexText.Value> Cjt188Values => new HexText.Value[] { new(14, 4, 2), new(19, 4, 2) };

    private static ReadOnlySpan<HexText.Value> MBusValues => new HexText.Value[]
    {
        new(21, 4, 3), new(27, 4, 3), new(33, 4, 3), new(39, 4, 3), new(45, 4, 3), new(51, 4, 3), new(57, 4, 3), new(63, 4, 3),
    };

    private async Task<IReadOnlyList<Measurement>> MeasureAsync(BenchmarkRun run, string protocol, Func<decimal> subject, Func<decimal> baseline)
    {
        if (subject() != baseline() || subject() == 0)
        {
            throw new InvalidOperationException($"{protocol}: {subject()} is not {baseline()}");
        }

        Comparison comparison = await run.CompareAsync(Repeat(subject), Repeat(baseline));
        return
        [
            new Measurement($"{Name}-{protocol}", 1e9 / comparison.SubjectPerSecond, "ns/frame")
            {
                Baseline = 1e9 / comparison.BaselinePerSecond,
                Ratio = comparison.Ratio,
                RatioFloor = RatioFloor,
            },
            new Measurement($"{Name}-{protocol}-allocated", comparison.SubjectBytesPerOperation, "B/frame") { Ceiling = BytesCeiling },
        ];
    }

    private static Action<int> Repeat(Func<decimal> decode) => count =>
    {
        decimal sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += decode();
        }

        if (sum == 0)
        {
            throw new InvalidOperationException("nothing was decoded");
        }
    };

    private static decimal Dlt645(byte[] answer)
    {
        if (Dlt645Frame.Scan(answer, out Dlt645Frame frame, out string why, out _) != ScanStatus.Done)
        {
            throw new InvalidOperationException(why);
        }

        Span<byte> data = stackalloc byte[Dlt645Frame.MaxDataBytes];
        data = data[..frame.CopyData(data)];
        if (!Dlt645Identifier.TryRead(Dlt645Edition.Y2007, data, out Dlt645Identifier identifier) || Dlt645ItemTable.Find(identifier) is not { } item)
        {
            throw new InvalidOperationException("no known data item");
        }

        ReadOnlySpan<byte> values = data[identifier.Length..];
        decimal total = 0;
        for (int i = 0; i < item.CountIn(values); i++)
        {
            total += item.Format.TryNumber(item.ValueAt(values, i), out decimal value) ? value : throw new InvalidOperationException("no number");
        }

        return total;
    }

    private static decimal Cjt188(byte[] answer)
    {
        if (Cjt188Frame.Scan(answer, out Cjt188Frame frame, out string why, out _) != ScanStatus.Done
            || !Cjt188Body.TryRead(frame.Data, Cjt188Identifier.Reading, out Cjt188Body body)
            || Cjt188Layout.OfReading(body.Identifier, frame.MeterType, body.Payload.Length) is not { } layout)
        {
            throw new InvalidOperationException(why ?? "no known layout");
        }

        decimal total = 0;
        foreach (Cjt188Field field in layout.Fields)
        {
            switch (field.Kind)
            {
                case Cjt188FieldKind.Quantity:
                    total += field.ReadQuantity(body.Payload, unitFirst: false).Value ?? throw new InvalidOperationException("no number");
                    break;
                case Cjt188FieldKind.Time when field.ReadTime(body.Payload) is null:
                    throw new InvalidOperationException("no time");
                default:
                    break;
            }
        }

        return total;
    }

    private static decimal MBus(byte[] answer)
    {
        if (MBusFrame.Scan(answer, out MBusFrame frame, out _) != ScanStatus.Done
            || MBusTelegram.Read(frame, MBusTextUnit.BeforeModifiers, out MBusTelegram telegram, out _) != ScanStatus.Done)
        {
            throw new InvalidOperationException("no telegram");
        }

        decimal total = 0;
        MBusRecordReader records = telegram.Records();
        while (records.MoveNext())
        {
            total += records.Current.TryGetNumber(out decimal value) ? value : throw new InvalidOperationException("no number");
        }

        return total;
    }

    private static byte[] Dlt645Answer()
    {
        byte[] data = Convert.FromHexString("00FF0100" + "56341200" + "11110000" + "22220100" + "33330200" + "44440300");
        byte[] frame = new byte[Dlt645Frame.MaxBytes];
        Dlt645MeterAddress address = Dlt645MeterAddress.TryParse("000000123456", out Dlt645MeterAddress parsed) ? parsed : throw new InvalidOperationException("no address");
        Dlt645Control control = Dlt645Control.Request(Dlt645Edition.Y2007, Dlt645Function.ReadData).Reply();
        return frame[..Dlt645Frame.Write(frame, address, control, data, wakeUpBytes: 0)];
    }

    private static byte[] Cjt188Answer()
    {
        byte[] payload = Convert.FromHexString("563412002C" + "341200002C" + "30201215112620" + "0000");
        byte[] frame = new byte[Cjt188Frame.MaxBytes];
        Cjt188AddressField address = new(0x78_3300_1122_3344);
        int bytes = Cjt188Body.Write(frame.AsSpan(Cjt188Frame.DataAt), Cjt188Identifier.Reading, Cjt188IdentifierOrder.LowByteFirst, 1, payload);
        return frame[..Cjt188Frame.Seal(frame, 0x10, address, Cjt188Control.Reply(Cjt188Function.ReadData), bytes)];
    }

    private static byte[] MBusAnswer()
    {
        byte[] data = new byte[256];
        MBusTelegramWriter writer = new(data);
        writer.LongHeader(MBusSecondaryAddress.TryParse("12345678", out MBusSecondaryAddress meter) ? meter with { Manufacturer = 0x2324, Version = 1, Medium = 7 } : meter, 1, 0);
        for (int storage = 0; storage < 8; storage++)
        {
            // Volume in litres: VIF 13h (EN 13757-3, table 10).
            writer.Bcd(MBusRecordKey.Present, [0x13], 8, 12_345_678 + storage);
        }

        byte[] frame = new byte[MBusFrameBytes];
        return frame[..MBusFrameWriter.Long(frame, 0x08, 1, 0x72, data.AsSpan(0, writer.Length))];
    }

    private const int MBusFrameBytes = 261;
}
