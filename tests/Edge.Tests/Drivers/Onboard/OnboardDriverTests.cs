using System.Collections.Immutable;
using System.Diagnostics;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Drivers.Onboard;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers.Onboard;

public sealed class OnboardDriverTests : IDisposable
{
    private const string Profile = """
        profile: box
        name: Box
        kind: sensor
        source: made for these tests
        protocol: onboard
        pollMs: 1000
        quirks: { currentLoop: true }
        points:
          door: { item: "gpio:gpiochip0/17/activeLow/bias=pullUp" }
          water: { item: "gpio:gpiochip0/18/count/debounceMs=20", scale: 0.01, unit: m3 }
          water-contact: { item: "gpio:gpiochip0/18/debounceMs=20" }
          pressure: { item: "iio:iio:device0/in_voltage0/shunt=100", scale: 0.1, offset: -0.4, unit: MPa }
          room: { item: "iio:iio:device0/in_temp", unit: degC }
        """;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("onboard").FullName;
    private readonly FakeTime _time = new();
    private readonly FakeHardware _box;
    private readonly BlockValues _values = new();

    public OnboardDriverTests()
    {
        _box = new FakeHardware(Path.Combine(_folder, "iio"));
        Directory.CreateDirectory(Path.Combine(_folder, "iio", "iio:device0"));
        Analogue("in_voltage0_raw", "12000");
        Analogue("in_voltage_scale", "0.1");
        Analogue("in_temp_input", "21500");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Contacts_pulses_and_analogue_channels_are_read_in_one_request()
    {
        DeviceConfiguration device = Device(Profile);
        await using OnboardDriver driver = Open(device);
        _box["gpiochip0/17"].Active = true;
        _box["gpiochip0/18"].Pulse(7);
        Assert.Equal(DriverReply.Ok, await ReadAsync(driver, device));
        Assert.Equal([(ItemState.Value, 1m), (ItemState.Value, 7m), (ItemState.Value, 0m), (ItemState.Value, 12m), (ItemState.Value, 21.5m)], Items(device));
        LineSnapshot snapshot = driver.Snapshot();
        Assert.Equal((true, 1L, 1L), (snapshot.Connected, snapshot.Requests, snapshot.Ok));
    }

    [Fact]
    public async Task The_state_and_the_count_of_a_contact_share_one_input()
    {
        DeviceConfiguration device = Device(Profile);
        await using OnboardDriver driver = Open(device);
        Assert.Equal(["gpiochip0/17", "gpiochip0/18"], _box.Taken.Select(t => t.Contact).Order());
        Assert.Equal((20, Transports.GpioEdges.Rising), (_box.Taken[1].Settings.DebounceMs, _box.Taken[1].Settings.Edges));
        Assert.Equal(Transports.GpioEdges.None, _box.Taken[0].Settings.Edges);
    }

    [Fact]
    public void One_contact_that_is_wired_in_two_ways_is_refused_at_the_start()
    {
        string profile = Profile.Replace("gpio:gpiochip0/18/debounceMs=20", "gpio:gpiochip0/18/activeLow", StringComparison.Ordinal);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Open(Device(profile)));
        Assert.Equal("input gpiochip0/18 is written in several points with different options; write the same ones everywhere", error.Message);
    }

    [Fact]
    public async Task A_restart_goes_on_with_the_count()
    {
        DeviceConfiguration device = Device(Profile);
        await using (OnboardDriver driver = Open(device))
        {
            _box["gpiochip0/18"].Pulse(5);
        }

        Assert.False(_box["gpiochip0/18"].Held);
        await using OnboardDriver again = Open(device);
        _box["gpiochip0/18"].Pulse(2);
        await ReadAsync(again, device);
        Assert.Equal(7, Items(device)[1].Value);
    }

    [Fact]
    public async Task A_count_that_was_told_is_on_disk_and_a_crash_loses_a_second_of_pulses_at_most()
    {
        DeviceConfiguration device = Device(Profile);
        await using OnboardDriver driver = Open(device);
        FakeContact meter = _box["gpiochip0/18"];
        meter.Pulse(10);
        await ReadAsync(driver, device);
        Assert.Equal(10, Items(device)[1].Value);
        Assert.Equal(10, OnDisk());

        meter.Pulse(3);
        await _time.TimersAsync(1);
        _time.Advance(1000);
        for (long started = Stopwatch.GetTimestamp(); OnDisk() != 13;)
        {
            // The saving runs on a thread of its own; it was told to by this tick.
            Assert.True(Stopwatch.GetElapsedTime(started) < Soon, "the count was not saved after a second");
            await Task.Yield();
        }

        meter.Pulse(1);
        Assert.Equal(13, OnDisk());
    }

    [Fact]
    public async Task An_input_that_fails_leaves_the_others_alone_and_its_count_goes_on_when_it_is_back()
    {
        DeviceConfiguration device = Device(Profile);
        await using OnboardDriver driver = Open(device);
        _box["gpiochip0/18"].Pulse(4);
        await ReadAsync(driver, device);
        _box["gpiochip0/18"].Pulse(1);
        _box["gpiochip0/18"].Broken = "No such device";
        _box.Gone.Add("gpiochip0");
        Assert.Equal(DriverReply.Ok, await ReadAsync(driver, device));
        Assert.Equal([ItemState.Value, ItemState.Missing, ItemState.Missing, ItemState.Value, ItemState.Value], Items(device).Select(i => i.State));

        _box.Gone.Clear();
        await ReadAsync(driver, device);
        Assert.Equal(ItemState.Missing, Items(device)[1].State);
        _time.Advance(2000);
        await ReadAsync(driver, device);
        _box["gpiochip0/18"].Pulse(2);
        await ReadAsync(driver, device);
        Assert.Equal((ItemState.Value, 7m), Items(device)[1]);
    }

    [Fact]
    public async Task Inputs_that_are_not_there_at_the_start_are_taken_later()
    {
        DeviceConfiguration device = Device(Profile);
        _box.Gone.Add("gpiochip0");
        Directory.Move(Path.Combine(_folder, "iio"), Path.Combine(_folder, "away"));
        await using OnboardDriver driver = Open(device);
        DriverReply reply = await ReadAsync(driver, device);
        Assert.Equal((DriverOutcome.TimedOut, "gpiochip0/17: there is no such chip"), (reply.Outcome, reply.Detail));
        _box.Gone.Clear();
        Directory.Move(Path.Combine(_folder, "away"), Path.Combine(_folder, "iio"));
        _time.Advance(2000);
        Assert.Equal(DriverReply.Ok, await ReadAsync(driver, device));
        Assert.All(Items(device), item => Assert.Equal(ItemState.Value, item.State));
    }

    [Theory]
    [InlineData("3590", ItemState.NotAvailable)]
    [InlineData("3600", ItemState.Value)]
    [InlineData("21000", ItemState.Value)]
    [InlineData("21010", ItemState.NotAvailable)]
    public async Task A_current_loop_with_a_broken_wire_or_a_short_circuit_has_no_value(string raw, ItemState state)
    {
        DeviceConfiguration device = Device(Profile);
        await using OnboardDriver driver = Open(device);
        Analogue("in_voltage0_raw", raw);
        Assert.Equal(DriverReply.Ok, await ReadAsync(driver, device));
        Assert.Equal(state, Items(device)[3].State);
    }

    [Fact]
    public async Task A_loop_whose_resistor_is_not_known_has_no_value_and_says_why()
    {
        DeviceConfiguration device = Device("""
            profile: loop
            name: Loop
            kind: sensor
            source: made for these tests
            protocol: onboard
            pollMs: 1000
            quirks: { currentLoop: true }
            points:
              pressure: { item: "iio:iio:device0/in_voltage0" }
            """);
        await using OnboardDriver driver = Open(device);
        DriverReply reply = await ReadAsync(driver, device);
        Assert.Equal(DriverOutcome.TimedOut, reply.Outcome);
        Assert.Equal("iio:device0/in_voltage0: the profile says currentLoop, and its voltage needs /shunt=OHMS behind the channel", reply.Detail);
    }

    [Fact]
    public async Task A_value_comes_in_the_profile_s_unit_where_it_converts()
    {
        DeviceConfiguration device = Device("""
            profile: volts
            name: Volts
            kind: sensor
            source: made for these tests
            protocol: onboard
            pollMs: 1000
            points:
              supply: { item: "iio:iio:device0/in_voltage0", unit: V }
            """);
        await using OnboardDriver driver = Open(device);
        await ReadAsync(driver, device);
        Assert.Equal([(ItemState.Value, 1.2m)], Items(device));
    }

    [Fact]
    public async Task Inputs_are_not_written()
    {
        DeviceConfiguration device = Device(Profile);
        await using OnboardDriver driver = Open(device);
        Assert.Equal(DriverOutcome.DeviceException, (await driver.WriteCoilAsync(device, 0, true, default)).Outcome);
        Assert.Equal(DriverOutcome.DeviceException, (await driver.WriteRegistersAsync(device, 0, new ushort[1], default)).Outcome);
    }

    private OnboardDriver Open(DeviceConfiguration device) => OnboardDriver.Open([device], _folder, _box, _time, new Random(1), NullLogger<OnboardDriver>.Instance);

    private async Task<DriverReply> ReadAsync(OnboardDriver driver, DeviceConfiguration device) =>
        await driver.ReadAsync(device, Block(device), _values, default).AsTask().WaitAsync(Soon);

    private (ItemState State, decimal Value)[] Items(DeviceConfiguration device) =>
        [.. _values.Items(device.Profile.Points.Length).ToArray().Select(i => (i.State, i.Value))];

    private static ItemBlock Block(DeviceConfiguration device) => new("inputs", [.. device.Profile.Points.Select((_, i) => new PlannedPoint(i, i))]);

    /// <summary>What a start after a crash would find.</summary>
    private long OnDisk()
    {
        string copy = Path.Combine(_folder, "copy.dat");
        File.Copy(Path.Combine(_folder, OnboardDriver.CountsFile), copy, overwrite: true);
        using PulseCountFile file = PulseCountFile.Open(copy);
        return file.Counts.GetValueOrDefault("gpiochip0/18");
    }

    private static DeviceConfiguration Device(string profile)
    {
        (ImmutableArray<DeviceProfile> profiles, ImmutableArray<ConfigurationMistake> mistakes) =
            SiteConfigurationReader.ReadProfiles([new SourceText("box.yaml", profile)], ItemDictionary.Standard);
        Assert.Empty(mistakes);
        return new DeviceConfiguration { Id = "box", Name = new LocalText("Box", "箱"), Address = new OnboardAddress(), Profile = profiles[0], PollMs = 1000 };
    }

    private void Analogue(string file, string text) => File.WriteAllText(Path.Combine(_folder, "iio", "iio:device0", file), text + "\n");
}
