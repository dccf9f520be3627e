using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Dlt645;

public sealed class Dlt645PropertyTests
{
    private static readonly Config Many = PropertyRun.Config.WithMaxTest(2000).WithEndSize(300);

    [Fact]
    public void What_is_written_is_read_back() => Prop.ForAll<byte[], byte, uint>((some, control, address) =>
    {
        byte[] data = some[..Math.Min(some.Length, Dlt645Frame.MaxDataBytes)];
        Dlt645MeterAddress meter = Dlt645MeterAddress.Read([.. BitConverter.GetBytes(address), 0x16, 0x68]);
        byte[] frame = new byte[Dlt645Frame.MaxBytes];
        int length = Dlt645Frame.Write(frame, meter, new Dlt645Control(control), data, wakeUpBytes: control % 5);
        byte[] back = new byte[Dlt645Frame.MaxDataBytes];
        return Dlt645Frame.Scan(frame.AsSpan(0, length), out Dlt645Frame read, out _, out _) == ScanStatus.Done
            && read.Length == length && read.Address == meter && read.Control.Value == control && read.WakeUpBytes == control % 5
            && back.AsSpan(0, read.CopyData(back)).SequenceEqual(data);
    }).Check(Many);

    [Fact]
    public void Numbers_come_back_as_they_went() => Prop.ForAll<int, byte>((number, shape) =>
    {
        int bytes = 4 + (shape % 3);
        int decimals = shape % 5;
        decimal value = number / 10m;
        byte[] wire = new byte[bytes + 1];
        decimal rounded = Math.Round(value, Math.Min(decimals, 1), MidpointRounding.AwayFromZero);
        return Dlt645Bcd.TryWrite(wire.AsSpan(0, bytes + 1), value, decimals, signed: true)
            && Dlt645Bcd.TryRead(wire.AsSpan(0, bytes + 1), decimals, signed: true, out decimal back)
            && back == rounded;
    }).Check(Many);

    [Fact]
    public void A_number_keeps_its_decimals_and_zero_has_no_sign()
    {
        Assert.True(Dlt645Bcd.TryRead([0x00, 0x00, 0x12, 0x00], 2, signed: false, out decimal energy));
        Assert.Equal(("1200.00", 2), (energy.ToString(System.Globalization.CultureInfo.InvariantCulture), energy.Scale));
        Assert.True(Dlt645Bcd.TryRead([0x00, 0x80], 1, signed: true, out decimal zero));
        Assert.Equal("0.0", zero.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void A_number_that_does_not_fit_is_not_written()
    {
        byte[] wire = [7, 7];
        Assert.False(Dlt645Bcd.TryWrite(wire, 1000m, 1, signed: false));
        Assert.False(Dlt645Bcd.TryWrite(wire, -1m, 1, signed: false));
        Assert.False(Dlt645Bcd.TryWrite(wire, 800m, 1, signed: true));
        Assert.Equal([7, 7], wire);
        Assert.True(Dlt645Bcd.TryWrite(wire, -799.9m, 1, signed: true));
        Assert.Equal([0x99, 0xF9], wire);
    }

    [Fact]
    public void Random_bytes_never_throw() => Prop.ForAll<byte[]>(bytes =>
    {
        Dlt645Exercise.Exercise(bytes);
        return true;
    }).Check(Many);

    [Fact]
    public void Mutated_frames_never_throw()
    {
        // Always the same inputs: a failure here is a failure everywhere.
        Random random = new(20_261_122);
        byte[] frame = new byte[Dlt645Frame.MaxBytes];
        uint[] identifiers = [0x0001FF00, 0x00010000, 0x0201FF00, 0x04000503, 0x01010000, 0x04000101, 0x9010, 0x901F, 0xC010];
        byte[] controls = [0x11, 0x91, 0xB1, 0x92, 0xB2, 0xD1, 0x93, 0x14, 0x1C, 0x16, 0x08, 0x81, 0xA1, 0x82, 0x01, 0xC1];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] data = new byte[random.Next(0, 60)];
            random.NextBytes(data);
            if (data.Length >= 4)
            {
                new Dlt645Identifier(Dlt645Edition.Y2007, identifiers[random.Next(identifiers.Length)]).Write(data);
            }

            byte[] address = new byte[Dlt645MeterAddress.Bytes];
            Array.Fill(address, random.Next(3) == 0 ? (byte)0xAA : (byte)random.Next(256));
            int length = Dlt645Frame.Write(frame, Dlt645MeterAddress.Read(address), new(controls[random.Next(controls.Length)]), data, random.Next(0, 6));
            List<byte> bytes = [.. frame.AsSpan(0, length)];
            for (int change = random.Next(0, 4); change > 0 && bytes.Count > 0; change--)
            {
                Mutate(bytes, random);
            }

            Dlt645Exercise.Exercise([.. bytes]);
        }
    }

    [Fact]
    public void A_scan_never_asks_for_more_than_the_longest_frame() => Prop.ForAll<byte[]>(bytes =>
    {
        byte[] longEnough = [.. bytes, .. new byte[Dlt645Frame.MaxBytes]];
        return Dlt645Frame.Scan(longEnough, out _, out string why, out int at) != ScanStatus.NeedMore && (why.Length == 0 || at < longEnough.Length);
    }).Check(Many);

    [Fact]
    public void A_frame_comes_back_from_any_noise_around_it() => Prop.ForAll<byte[], uint>((noise, value) =>
    {
        byte[] frame = new byte[Dlt645Frame.MaxBytes];
        int length = Dlt645Frame.Write(frame, Dlt645MeterAddress.Broadcast, new(0x91), [0, 0, 1, 0, .. BitConverter.GetBytes(value)], 0);
        byte[] stream = [.. noise, .. frame[..length], .. noise];
        int from = 0;
        while (Dlt645Frame.Seek(stream.AsSpan(from), silent: true, out int start, out Dlt645Frame found) == ScanStatus.Done)
        {
            from += start + found.Length;
            if (from >= noise.Length + length)
            {
                // Either our frame, or noise that made a frame with some of its bytes: then that is the frame that stands there.
                return true;
            }
        }

        return false;
    }).Check(Many);

    [Fact]
    public void A_line_of_nothing_but_wake_up_bytes_and_starts_is_walked_in_bounded_steps()
    {
        foreach (byte filler in new byte[] { 0xFE, 0x68 })
        {
            Dlt645MasterSession session = new();
            session.BeginRead(Dlt645MeterAddress.Anyone, new(Dlt645Edition.Y2007, 0x00010000));
            for (int i = 0; i < 100; i++)
            {
                Memory<byte> free = session.Free();
                Assert.False(free.IsEmpty);
                free.Span.Fill(filler);
                session.Received(free.Length);
                Assert.Equal(BusStatus.NeedMore, session.Take(silent: false));
            }

            session.Reset();
            Assert.True(session.NoiseBytes > 1_000);
        }
    }

    private static void Mutate(List<byte> bytes, Random random)
    {
        int at = random.Next(bytes.Count);
        switch (random.Next(4))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes.RemoveAt(at);
                break;
            case 2:
                bytes.Insert(at, (byte)random.Next(256));
                break;
            default:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
        }
    }
}
