using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

public sealed class SerialSettingsTests
{
    [Theory]
    [InlineData("8N1", 8, SerialParity.None, 1, 10)]
    [InlineData("8E1", 8, SerialParity.Even, 1, 11)]
    [InlineData("7O2", 7, SerialParity.Odd, 2, 11)]
    [InlineData("7M1", 7, SerialParity.Mark, 1, 10)]
    [InlineData("5S2", 5, SerialParity.Space, 2, 9)]
    public void A_format_is_read_and_written_alike(string format, int dataBits, SerialParity parity, int stopBits, int bitsPerCharacter)
    {
        SerialSettings settings = SerialSettings.Parse(2400, format)!;
        Assert.Equal((2400, dataBits, parity, stopBits), (settings.Baud, settings.DataBits, settings.Parity, settings.StopBits));
        Assert.Equal(format, settings.Format);
        Assert.Equal($"2400 {format}", settings.ToString());
        Assert.Equal(bitsPerCharacter, settings.BitsPerCharacter);
        Assert.Equal(bitsPerCharacter / 2400.0, settings.CharacterTime.TotalSeconds, 1e-6);
    }

    [Theory]
    [InlineData(49, "8N1")]
    [InlineData(4_000_001, "8N1")]
    [InlineData(9600, "")]
    [InlineData(9600, "9N1")]
    [InlineData(9600, "4N1")]
    [InlineData(9600, "8X1")]
    [InlineData(9600, "8N3")]
    [InlineData(9600, "8N11")]
    [InlineData(9600, "8n1")]
    public void What_no_port_can_do_is_no_format(int baud, string format) => Assert.Null(SerialSettings.Parse(baud, format));
}
