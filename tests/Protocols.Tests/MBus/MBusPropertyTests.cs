using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.MBus;

public sealed class MBusPropertyTests
{
    private static readonly Config Many = PropertyRun.Config.WithMaxTest(2_000).WithEndSize(300);

    [Fact]
    public void Frames_are_read_as_they_were_written() => Prop.ForAll<byte, ushort, byte[]>((control, addressAndCi, bytes) =>
    {
        (byte address, byte ci) = ((byte)(addressAndCi >> 8), (byte)(addressAndCi & 0xFF));
        byte[] data = [.. bytes.Take(MBusLimits.MaxDataBytes)];
        byte[] frame = new byte[MBusLimits.MaxFrameBytes];
        int length = MBusFrameWriter.Long(frame, control, address, ci, data);
        bool isLong = MBusFrame.Scan(frame.AsSpan(0, length), out MBusFrame read, out _) == ScanStatus.Done
            && read.Length == length && read.Control == control && read.Address == address && read.ControlInformation == ci && read.Data.SequenceEqual(data);
        length = MBusFrameWriter.Short(frame, control, address);
        return isLong && MBusFrame.Scan(frame.AsSpan(0, length), out read, out _) == ScanStatus.Done && read.Control == control && read.Address == address;
    }).Check(Many);

    [Fact]
    public void Records_are_read_as_they_were_written() => Prop.ForAll<long, byte, ushort>((value, shape, place) =>
    {
        MBusRecordKey key = new((MBusFunction)(shape & 3), (long)place << (shape & 15), place & 0xFFFFF, shape & 0x3FF);
        int bytes = (int[])[1, 2, 3, 4, 6, 8] is var sizes ? sizes[shape % 6] : 0;
        long fitting = value >> (64 - (bytes * 8));
        int digits = (int[])[2, 4, 6, 8, 12] is var lengths ? lengths[shape % 5] : 0;
        long decimals = value % (long)Math.Pow(10, digits - 1);
        byte[] data = new byte[MBusLimits.MaxDataBytes];
        MBusTelegramWriter writer = new(data);
        writer.Filler(shape % 3);
        writer.Integer(key, [0x13], bytes, fitting);
        writer.Bcd(key, [0x06], digits, decimals);
        MBusRecordReader reader = new(data.AsSpan(0, writer.Length), MBusTextUnit.BeforeModifiers);
        return reader.MoveNext() && reader.Current.Key == key && reader.Current.TryGetRaw(out decimal raw) && raw == fitting
            && reader.Current.TryGetNumber(out decimal cubicMetres) && cubicMetres == fitting / 1_000m
            && reader.MoveNext() && reader.Current.Key == key && reader.Current.TryGetNumber(out decimal wattHours) && wattHours == decimals * 1_000m
            && !reader.MoveNext() && reader.Mistake.IsNone;
    }).Check(Many);

    [Fact]
    public void Reals_and_texts_are_read_as_they_were_written() => Prop.ForAll<float, byte[]>((value, latin) =>
    {
        string text = new([.. latin.Take(0xBF).Select(b => (char)b)]);
        byte[] data = new byte[MBusLimits.MaxDataBytes];
        MBusTelegramWriter writer = new(data);
        writer.Real(MBusRecordKey.Present, [0x5B], value);
        writer.Text(MBusRecordKey.Present, [0xFD, 0x11], text);
        MBusRecordReader reader = new(data.AsSpan(0, writer.Length), MBusTextUnit.BeforeModifiers);
        bool real = reader.MoveNext() && reader.Current.TryGetNumber(out decimal number)
            ? float.Abs((float)number - value) <= float.Abs(value) * 1e-6f || float.Abs(value) < 1e-20f
            : !float.IsFinite(value) || float.Abs(value) > 7e28f;
        return real && reader.MoveNext() && reader.Current.Text() == text && !reader.MoveNext();
    }).Check(Many);

    [Fact]
    public void Dates_are_read_as_they_were_written() => Prop.ForAll<DateTime, byte>((moment, flags) =>
    {
        DateTime at = new(1981 + (moment.Year % 99), moment.Month, 1 + (moment.Day % 28), moment.Hour, moment.Minute, moment.Second, DateTimeKind.Unspecified);
        MBusDate[] dates =
        [
            new(MBusDateType.G, at.Year, at.Month, at.Day, 0, 0, 0),
            new(MBusDateType.F, at.Year + 100, at.Month, at.Day, at.Hour, at.Minute, 0, (flags & 1) != 0, (flags & 2) != 0),
            new(MBusDateType.I, at.Year, at.Month, at.Day, at.Hour, at.Minute, at.Second, (flags & 1) != 0, (flags & 2) != 0),
            new(MBusDateType.J, 0, 0, 0, at.Hour, at.Minute, at.Second),
        ];
        Span<byte> bytes = stackalloc byte[6];
        foreach (MBusDate date in dates)
        {
            date.Write(bytes);
            if (!MBusDate.TryRead(date.Type, bytes, out MBusDate read) || read != date)
            {
                return false;
            }
        }

        return true;
    }).Check(Many);

    [Fact]
    public void Addresses_are_read_as_they_were_written_and_select_themselves() => Prop.ForAll<uint, ushort, ushort>((number, maker, kind) =>
    {
        (byte version, byte medium) = ((byte)(kind >> 8), (byte)(kind & 0xFF));
        uint id = Convert.ToUInt32((number % 100_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture), 16);
        MBusSecondaryAddress address = new(id, MBusManufacturer.Code($"{(char)('A' + (maker % 26))}{(char)('A' + (maker / 26 % 26))}Z")!.Value, version, medium);
        Span<byte> bytes = stackalloc byte[MBusSecondaryAddress.Bytes];
        address.Write(bytes);
        return MBusSecondaryAddress.Read(bytes) == address
            && MBusSecondaryAddress.TryParse(address.ToString(), out MBusSecondaryAddress parsed) && parsed == address
            && address.Matches(address) && address.Matches(MBusSecondaryAddress.Any)
            && address.Matches(address.WithDigit(number > 7 ? 3 : 0, 0xF))
            && !address.Matches(address.WithDigit(2, (int)((((id >> 20) & 0xF) + 1) % 10)));
    }).Check(Many);

    [Theory]
    [InlineData("1234567")]
    [InlineData("123A5678")]
    [InlineData("12345678hyd0107")]
    [InlineData("12345678HYD01")]
    [InlineData("12345678HYDXX07")]
    public void What_is_no_address_is_refused(string text) => Assert.False(MBusSecondaryAddress.TryParse(text, out _));

    [Fact]
    public void Random_bytes_never_throw_and_break_no_promise() => Prop.ForAll<byte[]>(bytes => MBusExercise.Exercise(bytes)).Check(Many);

    [Fact]
    public void Random_records_in_a_sound_frame_never_throw_and_break_no_promise() => Prop.ForAll<byte[], byte>((bytes, ci) =>
    {
        byte[] frame = new byte[MBusLimits.MaxFrameBytes];
        byte[] data = [.. bytes.Take(MBusLimits.MaxDataBytes)];
        byte known = (byte)((ReadOnlySpan<byte>)[0x72, 0x73, 0x78, 0x7A, 0x51, 0x52, 0x70, 0x76])[ci % 8];
        MBusExercise.Exercise(frame.AsSpan(0, MBusFrameWriter.Long(frame, (byte)(ci % 2 == 0 ? 0x08 : 0x53), 1, known, data)));
    }).Check(Many);

    [VectorFact]
    public void Mutated_vectors_never_throw_and_break_no_promise()
    {
        Random random = new(20_261_122);
        foreach (MBusVector vector in MBusVector.All)
        {
            for (int i = 0; i < 200; i++)
            {
                byte[] mutated = [.. vector.Bytes, 0];
                for (int flips = random.Next(4); flips >= 0; flips--)
                {
                    mutated[random.Next(mutated.Length)] ^= (byte)(1 << random.Next(8));
                }

                // Half of them get a checksum that fits, so that what is inside is reached.
                if (mutated.Length > 9 && i % 2 == 0)
                {
                    byte[] inner = mutated[4..^3];
                    mutated = new byte[MBusLimits.MaxFrameBytes];
                    mutated = mutated[..MBusFrameWriter.Long(mutated, inner[0], inner[1], inner[2], inner.AsSpan(3, Math.Min(inner.Length - 3, 252)))];
                }

                MBusExercise.Exercise(mutated);
            }
        }
    }
}
