using IotProperty.Edge.Drivers.Onboard;
using IotProperty.Edge.Profiles;
using IotProperty.Transports;

namespace IotProperty.Edge.Tests.Drivers.Onboard;

public sealed class OnboardItemsTests
{
    private readonly OnboardItems _items = new();

    [Theory]
    [InlineData("gpio:gpiochip0/17", null, "", true)]
    [InlineData("gpio:pinctrl-bcm2711/17/activeLow/bias=pullUp/debounceMs=20", null, "", true)]
    [InlineData("gpio:gpiochip0/18/count", "m3", "m3", false)]
    [InlineData("iio:iio:device0/in_voltage0", null, "mV", false)]
    [InlineData("iio:iio:device0/in_voltage0", "V", "V", false)]
    [InlineData("iio:ads1115/in_voltage0/shunt=150", null, "mA", false)]
    [InlineData("iio:ads1115/in_voltage0/shunt=150", "MPa", "MPa", false)]
    [InlineData("iio:iio:device1/in_temp", null, "degC", false)]
    public void Inputs_are_known_with_their_units(string item, string? unit, string expected, bool flag)
    {
        KnownItem known = Assert.IsType<KnownItem>(_items.Find(item, unit));
        Assert.Equal((expected, flag), (known.Unit, known.IsFlag));
    }

    [Fact]
    public void All_inputs_of_a_device_come_in_one_request() =>
        Assert.Single(new[] { "gpio:a/1", "gpio:b/2/count", "iio:c/in_temp" }.Select(item => ((KnownItem)_items.Find(item, null)).Request).Distinct());

    [Theory]
    [InlineData("", "'' is no input of the box")]
    [InlineData("gpio", "'gpio' is no input of the box")]
    [InlineData("gpio:gpiochip0", "'gpio:gpiochip0' is no input of the box")]
    [InlineData("gpio:../17", "'gpio:../17' is no input of the box")]
    [InlineData("spi:0/1", "'spi:0/1' is no input of the box")]
    [InlineData("gpio:gpiochip0/x", "'gpio:gpiochip0/x' names the line 'x'")]
    [InlineData("gpio:gpiochip0/1024", "'gpio:gpiochip0/1024' names the line '1024'")]
    [InlineData("gpio:gpiochip0/-1", "'gpio:gpiochip0/-1' names the line '-1'")]
    [InlineData("gpio:gpiochip0/1/edge=rising", "'gpio:gpiochip0/1/edge=rising' has the option 'edge=rising'")]
    [InlineData("gpio:gpiochip0/1/debounceMs=1001", "'gpio:gpiochip0/1/debounceMs=1001' has the option 'debounceMs=1001'")]
    [InlineData("gpio:gpiochip0/1/activeLow/count", "'gpio:gpiochip0/1/activeLow/count' has the option 'count'")]
    [InlineData("iio:iio:device0/out_voltage0", "'iio:iio:device0/out_voltage0' names the channel 'out_voltage0'")]
    [InlineData("iio:iio:device0/in_voltage0/shunt=0", "'iio:iio:device0/in_voltage0/shunt=0' has the option 'shunt=0'")]
    [InlineData("iio:iio:device0/in_temp/shunt=100", "'iio:iio:device0/in_temp/shunt=100' has the option 'shunt=100'")]
    public void A_mistyped_input_is_named_with_the_mend(string item, string what)
    {
        UnknownItem unknown = Assert.IsType<UnknownItem>(_items.Find(item, null));
        Assert.Equal(what, unknown.What);
        Assert.NotEmpty(unknown.Mend);
    }

    [Fact]
    public void Options_say_how_a_contact_is_wired()
    {
        ContactItem item = Assert.IsType<ContactItem>(OnboardItem.Parse("gpio:chip/5/count/activeLow/bias=pullUp/debounceMs=30/edge=falling", out _));
        Assert.Equal(("chip/5", true), (item.Key, item.Counts));
        Assert.Equal(new GpioLineSettings { ActiveLow = true, Bias = GpioBias.PullUp, DebounceMs = 30, Edges = GpioEdges.Falling }, item.Settings);
    }
}
