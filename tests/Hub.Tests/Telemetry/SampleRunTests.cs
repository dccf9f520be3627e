using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IotProperty.Hub.Telemetry;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Telemetry;

public class SampleRunTests
{
    private static readonly byte Good = SampleMark.Of(Quality.Good, true);

    private static readonly Gen<double> Values = Gen.OneOf(
        ArbMap.Default.GeneratorFor<double>(),
        Gen.Choose(-100_000, 100_000).Select(n => n / 100.0),
        Gen.Choose(-100, 100).Select(n => n * 0.1),
        Gen.Elements(0.0, -0.0, double.NaN, double.PositiveInfinity, double.MaxValue, double.Epsilon, 9007199254740991.0, 9007199254740993.0, 1e15 + 0.3));

    private static readonly Gen<(long TimeMs, double Value, byte Mark)> Samples =
        from time in Gen.OneOf(Gen.Choose(0, 1_000_000).Select(n => 1_767_225_600_000L + n), ArbMap.Default.GeneratorFor<long>(), Gen.Elements(long.MinValue, long.MaxValue))
        from value in Values
        from quality in Gen.Choose(0, 3)
        from trusted in Gen.Elements(true, false)
        select (time, value, SampleMark.Of((Quality)quality, trusted));

    [Fact]
    public void What_is_read_is_what_was_written_bit_by_bit() =>
        Prop.ForAll(Samples.NonEmptyListOf().ToArbitrary(), samples =>
        {
            byte[] run = Write([.. samples]);
            ReadOnlySpan<byte> rest = run;
            SampleColumns read = new();
            return SampleRun.TryRead(ref rest, read, out _) && rest.IsEmpty && Same([.. samples], read);
        }).Check(PropertyRun.Config);

    [Fact]
    public void Runs_stand_behind_one_another()
    {
        byte[] two = [.. Write([(1, 1.5, Good)]), .. Write([(2, 2.5, Good), (3, double.NaN, Good)])];
        ReadOnlySpan<byte> rest = two;
        SampleColumns read = new();
        Assert.True(SampleRun.TryRead(ref rest, read, out _));
        Assert.True(SampleRun.TryRead(ref rest, read, out _));
        Assert.True(rest.IsEmpty);
        Assert.Equal([1L, 2, 3], read.TimesMs.ToArray());
    }

    [Fact]
    public void Layout_on_disk_stays()
    {
        // Coding 1 (tenths), three samples, first time 1000, then 500 and a difference of differences of 0, one mark for three, then 2.5, 2.6, 2.4 in tenths.
        byte[] decimals = [1, 3, 0xD0, 0x0F, 0xE8, 0x07, 0, 0x80, 3, 50, 2, 3];
        Assert.Equal(decimals, Write([(1000, 2.5, Good), (1500, 2.6, Good), (2000, 2.4, Good)]));

        // Coding 15 (differing bytes): the whole of 1/3, then a repeat, then another sign; two marks.
        byte[] differing =
        [
            15, 3, 0, 0, 0, 0x80, 2, 0x02, 1,
            0x00, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xD5, 0x3F,
            0x80,
            0x07, 0x80,
        ];
        byte third = SampleMark.Of(Quality.CommFail, false);
        Assert.Equal(differing, Write([(0, 1 / 3.0, Good), (0, 1 / 3.0, Good), (0, -1 / 3.0, third)]));
    }

    [Fact]
    public void A_meter_that_counts_in_hundredths_takes_three_bytes_a_sample()
    {
        (long, double, byte)[] day = [.. Enumerable.Range(0, 1000).Select(i => (1_767_225_600_000L + (i * 1000) + (i % 7), (100_000 + (i * 3)) / 100.0, Good))];
        Assert.InRange(Write(day).Length, 2000, 3000);
    }

    [Fact]
    public void Bytes_that_end_too_early_are_refused_at_every_length_and_add_nothing()
    {
        byte[] run = Write([(1000, 2.5, Good), (1500, 1 / 3.0, Good), (2000, 2.4, SampleMark.Of(Quality.Stale, true))]);
        for (int length = 0; length < run.Length; length++)
        {
            ReadOnlySpan<byte> rest = run.AsSpan(0, length);
            SampleColumns read = new();
            Assert.False(SampleRun.TryRead(ref rest, read, out string why));
            Assert.NotEqual("", why);
            Assert.Equal(0, read.Count);
        }
    }

    [Fact]
    public void Random_bytes_never_throw() =>
        Prop.ForAll<byte[]>(bytes =>
        {
            ReadOnlySpan<byte> rest = bytes;
            SampleColumns read = new();
            bool done = SampleRun.TryRead(ref rest, read, out string why);
            return done == (why.Length == 0) && done == (read.Count > 0);
        }).Check(PropertyRun.Config);

    [Theory]
    [InlineData("0A01020001800100")]
    [InlineData("00FFFFFFFF0F00")]
    [InlineData("0000")]
    [InlineData("0001020401")]
    [InlineData("0F0100800199")]
    public void Claims_that_cannot_be_true_are_refused(string hex)
    {
        ReadOnlySpan<byte> rest = Convert.FromHexString(hex);
        Assert.False(SampleRun.TryRead(ref rest, new SampleColumns(), out string why));
        Assert.NotEqual("", why);
    }

    [Fact]
    public void Columns_of_different_lengths_are_misuse() =>
        Assert.Throws<ArgumentException>(() => SampleRun.Write([1, 2], [1.0], [Good], new byte[100]));

    [Fact]
    public void Sorting_keeps_the_arrival_of_equal_times()
    {
        SampleColumns columns = new();
        columns.Add(2, 1, Good);
        columns.Add(1, 2, Good);
        columns.Add(2, 3, Good);
        columns.Add(1, 4, Good);
        Assert.Equal([2.0, 4, 1, 3], columns.Sorted().Values.ToArray());
        Assert.False(columns.InOrder);
        Assert.Same(columns.Sorted().Sorted().GetType(), columns.GetType());
    }

    [Fact]
    public void Seal_is_crc_32c_and_every_flipped_bit_breaks_it()
    {
        byte[] bytes = [.. Encoding.ASCII.GetBytes("123456789"), 0, 0, 0, 0];
        RunSeal.Write(bytes);

        // The check value of CRC-32C in the catalogue of parametrised CRC algorithms (CRC-32/ISCSI): 0xE3069283.
        Assert.Equal([0x83, 0x92, 0x06, 0xE3], bytes[^4..]);
        Assert.True(RunSeal.TryOpen(bytes, out ReadOnlySpan<byte> content));
        Assert.Equal("123456789", Encoding.ASCII.GetString(content));
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(RunSeal.TryOpen(bytes, out _));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.False(RunSeal.TryOpen([1, 2, 3], out _));
    }

    private static byte[] Write((long TimeMs, double Value, byte Mark)[] samples)
    {
        byte[] buffer = new byte[SampleRun.MaxBytes(samples.Length)];
        int length = SampleRun.Write([.. samples.Select(s => s.TimeMs)], [.. samples.Select(s => s.Value)], [.. samples.Select(s => s.Mark)], buffer);
        return buffer[..length];
    }

    private static bool Same((long TimeMs, double Value, byte Mark)[] samples, SampleColumns read)
    {
        if (samples.Length != read.Count)
        {
            return false;
        }

        for (int i = 0; i < samples.Length; i++)
        {
            bool same = samples[i].TimeMs == read.TimesMs[i]
                && BitConverter.DoubleToInt64Bits(samples[i].Value) == BitConverter.DoubleToInt64Bits(read.Values[i])
                && samples[i].Mark == read.Marks[i];
            if (!same)
            {
                return false;
            }
        }

        return true;
    }
}
