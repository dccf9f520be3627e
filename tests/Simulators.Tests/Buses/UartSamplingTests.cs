using FsCheck;
using FsCheck.Fluent;
using IotProperty.Simulators.Buses;
using IotProperty.Tests;

namespace IotProperty.Simulators.Tests.Buses;

public class UartSamplingTests
{
    [Fact]
    public void At_the_same_rate_every_byte_arrives()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), sent => UartSampling.Receive(sent, 9600, 9600).SequenceEqual(sent)).Check(PropertyRun.Config);
    }

    [Fact]
    public void Two_percent_off_still_arrives()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), sent => UartSampling.Receive(sent, 9600, 9792).SequenceEqual(sent)).Check(PropertyRun.Config);
    }

    // The wire at half the rate: each bit lasts two of the receiver's, so 55h (1010 1010, lowest first) comes as 00 11 00 11 … 11.
    [Theory]
    [InlineData(new byte[] { 0x55 }, 9600, 19200, new byte[] { 0x66, 0xE6 })]
    [InlineData(new byte[] { 0xFF }, 9600, 19200, new byte[] { 0xFE })]
    [InlineData(new byte[] { 0x00 }, 9600, 19200, new byte[] { 0x00 })]
    public void At_half_the_rate_bits_count_twice(byte[] sent, int sentBaud, int readBaud, byte[] read)
    {
        Assert.Equal(read, UartSampling.Receive(sent, sentBaud, readBaud));
    }

    [Fact]
    public void Any_rates_read_at_most_what_fits_and_end()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Gen.Choose(300, 115200).ToArbitrary(), (sent, baud) =>
            UartSampling.Receive(sent, 9600, baud).Length <= (sent.Length * Math.Max(1, (baud / 9600) + 1)) + 1).Check(PropertyRun.Config);
    }
}
