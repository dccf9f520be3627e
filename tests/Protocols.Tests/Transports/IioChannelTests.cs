using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

/// <summary>Channels in a folder that looks like the kernel's.</summary>
public sealed class IioChannelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iio").FullName;

    public IioChannelTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "iio:device0"));
        File.WriteAllText(Path.Combine(_folder, "iio:device0", "name"), "ads1115\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Raw_values_take_their_offset_and_then_their_scale()
    {
        Write("in_voltage0_raw", "1520");
        Write("in_voltage0_scale", "0.125000000");
        Write("in_voltage0_offset", "-20");
        using IioChannel channel = IioChannel.Open(_folder, "iio:device0", "in_voltage0");
        Assert.Equal("mV", channel.Unit);
        Assert.Equal(187.5m, await channel.ReadAsync(default));
        Write("in_voltage0_raw", "-9");
        Assert.Equal(-3.625m, await channel.ReadAsync(default));
    }

    [Fact]
    public async Task A_scale_of_the_whole_quantity_serves_its_channels_and_the_device_is_found_by_its_own_name()
    {
        Write("in_current1_raw", "800");
        Write("in_current_scale", "0.02");
        using IioChannel channel = IioChannel.Open(_folder, "ads1115", "in_current1");
        Assert.Equal("mA", channel.Unit);
        Assert.Equal(16m, await channel.ReadAsync(default));
    }

    [Fact]
    public async Task Processed_values_are_taken_as_they_are()
    {
        Write("in_temp_input", "21437");
        Write("in_temp_scale", "17");
        using IioChannel channel = IioChannel.Open(_folder, "iio:device0", "in_temp");
        Assert.Equal("degC", channel.Unit);
        Assert.Equal(21.437m, await channel.ReadAsync(default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("fault")]
    [InlineData("12 mV")]
    [InlineData("1e40")]
    [InlineData("99999999999999999999999999999999999999999999999999999999999999999999999999")]
    public async Task What_is_no_number_is_said_to_be_none(string text)
    {
        Write("in_voltage0_raw", text);
        using IioChannel channel = IioChannel.Open(_folder, "iio:device0", "in_voltage0");
        ChannelBrokenException error = await Assert.ThrowsAsync<ChannelBrokenException>(async () => await channel.ReadAsync(default));
        Assert.StartsWith("iio:device0/in_voltage0: the kernel says '", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_there_is_named()
    {
        Assert.Equal($"ads1015/in_voltage0: there is no device of this name in {_folder}", Refusal("ads1015", "in_voltage0"));
        Assert.Equal(
            $"iio:device0/in_voltage7: {_folder}/iio:device0 has neither in_voltage7_raw nor in_voltage7_input", Refusal("iio:device0", "in_voltage7"));
        Assert.Equal("iio:device0/out_voltage0: is no input of a known quantity", Refusal("iio:device0", "out_voltage0"));
        Write("in_voltage0_raw", "1");
        Write("in_voltage0_scale", "x");
        Assert.Equal($"{_folder}/iio:device0/in_voltage0_scale: 'x' is no number", Refusal("iio:device0", "in_voltage0"));
    }

    [Theory]
    [InlineData("in_voltage0", "mV")]
    [InlineData("in_voltage0-voltage1", "mV")]
    [InlineData("in_temp_ambient", "degC")]
    [InlineData("in_humidityrelative", "%")]
    [InlineData("in_voltages", null)]
    [InlineData("in_voltage0/../x", null)]
    [InlineData("in_", null)]
    public void A_channel_s_name_tells_its_unit(string channel, string? unit) => Assert.Equal(unit, IioChannel.UnitOf(channel));

    [Theory]
    [InlineData("0", LoopState.WireBreak)]
    [InlineData("3.59", LoopState.WireBreak)]
    [InlineData("3.6", LoopState.Measuring)]
    [InlineData("4", LoopState.Measuring)]
    [InlineData("20.5", LoopState.Measuring)]
    [InlineData("21", LoopState.Measuring)]
    [InlineData("21.01", LoopState.OverRange)]
    public void A_current_loop_tells_a_broken_wire_and_a_failed_sensor(string milliamperes, LoopState state) =>
        Assert.Equal(state, CurrentLoop.Judge(decimal.Parse(milliamperes, System.Globalization.CultureInfo.InvariantCulture)));

    private string Refusal(string device, string channel) => Assert.Throws<ChannelBrokenException>(() => IioChannel.Open(_folder, device, channel)).Message;

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_folder, "iio:device0", file), text + "\n");
}
