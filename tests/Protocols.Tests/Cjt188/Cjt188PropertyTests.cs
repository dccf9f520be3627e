using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Framing;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Cjt188;

public sealed class Cjt188PropertyTests
{
    private static readonly Config Many = PropertyRun.Config.WithMaxTest(2_000).WithEndSize(300);

    [Fact]
    public void Frame_is_read_as_written() => Prop.ForAll<byte[], ulong, ushort>((bytes, address, typeAndControl) =>
    {
        byte[] data = [.. bytes.Take(Cjt188Frame.MaxDataBytes)];
        Cjt188AddressField to = new(address & 0xFF_FFFF_FFFF_FFFF);
        (byte type, byte control) = ((byte)(typeAndControl >> 8), (byte)(typeAndControl & 0xFF));
        byte[] frame = new byte[Cjt188Frame.MaxBytes];
        data.CopyTo(frame, Cjt188Frame.DataAt);
        int length = Cjt188Frame.Seal(frame, type, to, control, data.Length);
        return Cjt188Frame.Scan(frame.AsSpan(0, length), out Cjt188Frame read, out _, out _) == ScanStatus.Done
            && read.Length == length && read.MeterType == type && read.Address == to && read.Control == control && read.Data.SequenceEqual(data);
    }).Check(Many);

    [Fact]
    public void Body_is_read_as_written_in_either_order() => Prop.ForAll<ushort, bool, byte[]>((identifier, high, bytes) =>
    {
        byte[] payload = [.. bytes.Take(Cjt188Body.MaxPayloadBytes)];
        Cjt188IdentifierOrder order = high ? Cjt188IdentifierOrder.HighByteFirst : Cjt188IdentifierOrder.LowByteFirst;
        byte[] data = new byte[Cjt188Frame.MaxDataBytes];
        int length = Cjt188Body.Write(data, identifier, order, 9, payload);
        return Cjt188Body.TryRead(data.AsSpan(0, length), identifier, out Cjt188Body body)
            && body.Identifier == identifier && body.Serial == 9 && body.Payload.SequenceEqual(payload);
    }).Check(Many);

    [Fact]
    public void Addresses_are_read_as_written_and_cover_themselves() => Prop.ForAll(Gen.Choose(0, 9).ArrayOf(14).ToArbitrary(), digits =>
    {
        string text = string.Concat(digits);
        byte[] wire = new byte[Cjt188AddressField.Bytes];
        bool parsed = Cjt188AddressField.TryParse(text, out Cjt188AddressField address);
        address.Write(wire);
        return parsed && Cjt188AddressField.Read(wire) == address && address.ToString() == text && address.Covers(address)
            && Cjt188AddressField.Any.Covers(address) && !address.Covers(Cjt188AddressField.Any);
    }).Check(Many);

    [Theory]
    [InlineData("7833001122334A", "78330011223344", true)]
    [InlineData("7833001122334A", "78330011223354", false)]
    public void Wildcard_stands_for_any_digit(string asked, string meter, bool covers)
    {
        Assert.True(Cjt188AddressField.TryParse(asked, out Cjt188AddressField pattern));
        Assert.True(Cjt188AddressField.TryParse(meter, out Cjt188AddressField address));
        Assert.Equal(covers, pattern.Covers(address));
    }

    [Theory]
    [InlineData("")]
    [InlineData("7833001122334")]
    [InlineData("783300112233445")]
    [InlineData("7833001122334B")]
    [InlineData("7833001122334 ")]
    [InlineData(null)]
    public void Anything_but_14_digits_is_no_address(string? digits) => Assert.False(Cjt188AddressField.TryParse(digits, out _));

    [Fact]
    public void Fields_are_read_as_written_and_touch_no_neighbour() => Prop.ForAll<int, int, bool>((number, pick, unitFirst) =>
    {
        Cjt188Layout[] layouts = [Cjt188Layout.Volume, Cjt188Layout.Heat, Cjt188Layout.Heat2018, Cjt188Layout.Freeze, Cjt188Layout.Purchase, Cjt188Layout.NewPriceTable];
        Cjt188Layout layout = layouts[(pick & int.MaxValue) % layouts.Length];
        byte[] payload = new byte[layout.PayloadBytes];
        Array.Fill(payload, (byte)0xEE);
        foreach (Cjt188Field field in layout.Fields)
        {
            byte[] before = [.. payload];
            decimal value = new(Math.Abs((number / 7) % 100), 0, 0, false, (byte)field.Decimals);
            bool same = field.Kind switch
            {
                Cjt188FieldKind.Quantity => Quantity(field, payload, value, unitFirst),
                Cjt188FieldKind.Number => Number(field, payload, value),
                Cjt188FieldKind.Time => Time(field, payload, number),
                _ => Status(field, payload),
            };
            bool untouched = payload.AsSpan(0, field.Offset).SequenceEqual(before.AsSpan(0, field.Offset))
                && payload.AsSpan(field.Offset + field.Bytes).SequenceEqual(before.AsSpan(field.Offset + field.Bytes));
            if (!same || !untouched)
            {
                return false;
            }
        }

        return true;
    }).Check(Many);

    [Fact]
    public void Counter_wraps_as_a_register_does_and_missing_values_are_filled()
    {
        byte[] payload = new byte[Cjt188Layout.Volume.PayloadBytes];
        Cjt188Field current = Cjt188Layout.Volume.Fields[0];
        current.WriteQuantity(payload, 1_000_000.019m, Cjt188Unit.CubicMetreCode);
        Assert.Equal(0.01m, current.ReadQuantity(payload, unitFirst: false).Value);
        current.WriteQuantity(payload, null, 0xFF);
        Assert.Equal(new Cjt188Quantity(null, 0xFF), current.ReadQuantity(payload, unitFirst: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => current.WriteQuantity(payload, -1, Cjt188Unit.CubicMetreCode));
    }

    [Theory]
    [InlineData("00000029022027", null)]
    [InlineData("00000029022028", "2028-02-29T00:00:00")]
    [InlineData("60000001012026", null)]
    [InlineData("00600001012026", null)]
    [InlineData("00002401012026", null)]
    [InlineData("00000000012026", null)]
    [InlineData("00000001132026", null)]
    [InlineData("00000001010000", null)]
    [InlineData("0A000001012026", null)]
    [InlineData("FFFFFFFFFFFFFF", null)]
    public void Impossible_dates_are_unset_clocks(string digits, string? expected)
    {
        byte[] wire = Convert.FromHexString(digits);
        (wire[5], wire[6]) = (wire[6], wire[5]);
        DateTime? time = Cjt188Layout.Clock.Fields[0].ReadTime(wire);
        Assert.Equal(expected, time?.ToString("s", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Random_bytes_never_throw_and_every_scan_advances_or_asks_for_more() => Prop.ForAll<byte[], bool>((bytes, looksRight) =>
    {
        byte[] stream = looksRight && bytes.Length > 11 ? [0x68, .. bytes[1..10], (byte)(bytes[10] % 0x65), .. bytes[11..]] : bytes;
        Cjt188Exercise.Exercise(stream);
        return true;
    }).Check(Many);

    [Fact]
    public void A_scan_that_asks_for_more_never_asks_beyond_the_longest_frame() => Prop.ForAll<byte[]>(bytes =>
    {
        byte[] padded = [.. bytes, .. new byte[Cjt188Frame.MaxBytes]];
        return Cjt188Frame.Scan(padded, out _, out _, out _) != ScanStatus.NeedMore;
    }).Check(Many);

    [Fact]
    public void Frames_come_back_from_any_noise_around_them() => Prop.ForAll<byte[], byte>((noise, value) =>
    {
        byte[] frame = new byte[Cjt188Frame.MaxBytes];
        frame[Cjt188Frame.DataAt] = value;
        int length = Cjt188Frame.Seal(frame, Cjt188MeterType.Gas, new Cjt188AddressField(0x42), 0x81, 1);
        byte[] stream = [.. noise, .. frame[..length], .. noise];
        int from = 0;
        while (Cjt188Frame.Seek(stream.AsSpan(from), silent: true, out int start, out Cjt188Frame found) == ScanStatus.Done)
        {
            // Noise may complete a checksum and swallow our first bytes: then that is the frame that stands there.
            bool ours = stream.AsSpan(from + start, found.Length).SequenceEqual(frame.AsSpan(0, length));
            bool takesOurFirstBytes = from + start < noise.Length && from + start + found.Length > noise.Length;
            if (ours || takesOurFirstBytes)
            {
                return true;
            }

            from += start + found.Length;
        }

        return false;
    }).Check(Many);

    private static bool Quantity(Cjt188Field field, byte[] payload, decimal value, bool unitFirst)
    {
        field.WriteQuantity(payload, value, Cjt188Unit.CubicMetreCode, unitFirst);
        return field.ReadQuantity(payload, unitFirst) == new Cjt188Quantity(value, Cjt188Unit.CubicMetreCode);
    }

    private static bool Number(Cjt188Field field, byte[] payload, decimal value)
    {
        field.WriteNumber(payload, value);
        return field.ReadNumber(payload) == value;
    }

    private static bool Time(Cjt188Field field, byte[] payload, int seconds)
    {
        DateTime time = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Unspecified).AddSeconds(seconds / 3);
        field.WriteTime(payload, time);
        return field.ReadTime(payload) == time;
    }

    private static bool Status(Cjt188Field field, byte[] payload)
    {
        Cjt188Status status = Cjt188Status.Of(Cjt188Valve.Fault, batteryLow: true);
        field.WriteStatus(payload, status);
        return field.ReadStatus(payload) == status && status.BatteryLow && status.Valve == Cjt188Valve.Fault;
    }
}
