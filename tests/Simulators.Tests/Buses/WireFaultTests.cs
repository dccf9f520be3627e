using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Faults;

namespace IotProperty.Simulators.Tests.Buses;

/// <summary>Every fault of the wire by the name that a person types.</summary>
public class WireFaultTests
{
    private static readonly byte[] Request = BusProbe.Request(1);
    private static readonly byte[] Whole = BusProbe.Reply(1);

    private readonly BusProbe _probe = new();

    [Fact]
    public void Dead_device_is_silent_and_its_neighbour_answers()
    {
        Break("dead");
        Assert.Empty(_probe.Exchange(Request));
        Assert.Equal(BusProbe.Reply(2), _probe.Exchange(BusProbe.Request(2)));
        Mend("dead");
        Assert.Equal(Whole, _probe.Exchange(Request));
    }

    [Fact]
    public void Late_reply_is_whole_and_long_after_its_time()
    {
        Break("late");
        TimeSpan sent = _probe.Now;
        Assert.Equal(Whole, _probe.Exchange(Request));
        Assert.Equal(sent + BusProbe.Speed.Of(8) + BusProbe.Delay + WireCondition.LateBy + BusProbe.Speed.Of(1), _probe.Heard[0].At);
        Assert.Single(_probe.Served);
    }

    [Fact]
    public void Truncated_reply_is_a_beginning_and_counts_as_not_shown()
    {
        Break("truncated");
        byte[] heard = _probe.Exchange(Request);
        Assert.True(heard.Length < Whole.Length);
        Assert.Equal(Whole[..heard.Length], heard);
        Assert.Empty(_probe.Served);
    }

    [Fact]
    public void Corrupted_reply_differs_in_one_byte_and_counts_as_not_shown()
    {
        Break("corrupted");
        byte[] heard = _probe.Exchange(Request);
        Assert.Equal(Whole.Length, heard.Length);
        Assert.Single(heard.Zip(Whole), pair => pair.First != pair.Second);
        Assert.Empty(_probe.Served);
    }

    [Fact]
    public void Split_reply_is_whole_with_one_pause()
    {
        Break("split");
        Assert.Equal(Whole, _probe.Exchange(Request));
        TimeSpan[] gaps = [.. _probe.Heard.Zip(_probe.Heard.Skip(1), (a, b) => b.At - a.At)];
        Assert.Single(gaps, gap => gap > TimeSpan.FromMilliseconds(15));
        Assert.Single(_probe.Served);
    }

    [Fact]
    public void Doubled_reply_comes_twice()
    {
        Break("doubled");
        Assert.Equal([.. Whole, .. Whole], _probe.Exchange(Request));
    }

    [Fact]
    public void Wrong_unit_is_a_sound_frame_of_somebody_else()
    {
        Break("wrong-unit");
        byte[] heard = _probe.Exchange(Request);
        Assert.Equal(ScanStatus.Done, ModbusRtuFrame.Scan(heard, ModbusDirection.Reply, out ModbusRtuFrame frame, out _));
        Assert.NotEqual(1, frame.Unit);
        Assert.Empty(_probe.Served);
    }

    [Fact]
    public void Noise_stands_around_the_whole_reply()
    {
        Break("noise");
        byte[] heard = _probe.Exchange(Request);
        int at = heard.AsSpan().IndexOf(Whole);
        Assert.InRange(at, 1, 4);
        Assert.InRange(heard.Length - at - Whole.Length, 1, 4);
    }

    [Fact]
    public void Baud_mismatch_is_heard_as_something_else()
    {
        Break("baud-mismatch");
        byte[] heard = _probe.Exchange(Request);
        Assert.NotEmpty(heard);
        Assert.Equal(-1, heard.AsSpan().IndexOf(Whole));
        Assert.Empty(_probe.Served);
    }

    [Fact]
    public void Reboot_is_three_seconds_of_silence()
    {
        Break("reboot");
        Assert.Empty(_probe.Exchange(Request));
        _probe.Pass(WireCondition.RebootTime);
        Assert.Equal(Whole, _probe.Exchange(Request));
        Assert.Empty(_probe.Devices[0].Faults.Active);
    }

    [Fact]
    public void Echo_of_a_line_gives_the_master_its_own_bytes_back()
    {
        DeviceFaults line = new(WireFaultCatalogue.OfLine(_probe.Line));
        Assert.Null(line.Set("echo"));
        Assert.Equal([.. Request, .. Whole], _probe.Exchange(Request));
        Assert.Equal(0, _probe.Bus.Collisions);
    }

    [Fact]
    public void Cut_cable_silences_every_device()
    {
        DeviceFaults line = new(WireFaultCatalogue.OfLine(_probe.Line));
        Assert.Null(line.Set("dead"));
        Assert.Empty(_probe.Exchange(Request));
        Assert.Null(line.Clear("dead"));
        Assert.Equal(Whole, _probe.Exchange(Request));
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("corrupted")]
    [InlineData("split")]
    [InlineData("noise")]
    public void Same_seed_breaks_the_same_bytes_and_another_seed_others(string fault)
    {
        string Story(long seed)
        {
            BusProbe probe = new(seed);
            Assert.Null(probe.Devices[0].Faults.Set(fault));
            return string.Join('|', Enumerable.Range(0, 10).Select(_ =>
            {
                TimeSpan start = probe.Now;
                probe.Exchange(Request);
                return string.Join(' ', probe.Heard.Select(h => $"{(h.At - start).Ticks}:{h.Value}"));
            }));
        }

        Assert.Equal(Story(1), Story(1));
        Assert.NotEqual(Story(1), Story(2));
    }

    [Fact]
    public void Neighbours_chance_is_its_own()
    {
        // What another device draws must not change which byte this one breaks.
        BusProbe alone = new();
        BusProbe together = new();
        foreach (BusProbe probe in (BusProbe[])[alone, together])
        {
            Assert.Null(probe.Devices[0].Faults.Set("corrupted"));
            Assert.Null(probe.Devices[1].Faults.Set("corrupted"));
        }

        together.Exchange(BusProbe.Request(2));
        Assert.Equal(alone.Exchange(Request), together.Exchange(Request));
    }

    private void Break(string fault) => Assert.Null(_probe.Devices[0].Faults.Set(fault));

    private void Mend(string fault) => Assert.Null(_probe.Devices[0].Faults.Clear(fault));
}
