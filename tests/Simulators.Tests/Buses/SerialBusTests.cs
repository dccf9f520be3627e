using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Dlt645;
using IotProperty.Simulators.Buses;
using IotProperty.Tests;

namespace IotProperty.Simulators.Tests.Buses;

public class SerialBusTests
{
    private readonly BusProbe _probe = new();

    [Fact]
    public void Request_takes_its_time_then_the_device_then_the_reply()
    {
        TimeSpan sent = _probe.Now;
        byte[] heard = _probe.Exchange(BusProbe.Request(1));
        Assert.Equal(BusProbe.Reply(1), heard);
        TimeSpan begins = sent + BusProbe.Speed.Of(8) + BusProbe.Delay;
        Assert.Equal(begins + BusProbe.Speed.Of(1), _probe.Heard[0].At);
        Assert.Equal(begins + BusProbe.Speed.Of(heard.Length), _probe.Heard[^1].At);
    }

    [Fact]
    public void No_byte_is_heard_before_its_time_and_none_much_later()
    {
        TimeSpan sent = _probe.Now;
        _probe.Exchange(BusProbe.Request(1, 0, 20));
        TimeSpan begins = sent + BusProbe.Speed.Of(8) + BusProbe.Delay;
        for (int i = 0; i < _probe.Heard.Count; i++)
        {
            Assert.InRange(_probe.Heard[i].At, begins + BusProbe.Speed.Of(i + 1), begins + BusProbe.Speed.Of(i + 1) + TimeSpan.FromMilliseconds(4));
        }
    }

    [Fact]
    public void Request_that_comes_in_pieces_is_one_request()
    {
        byte[] request = BusProbe.Request(2);
        foreach (byte piece in request)
        {
            _probe.Send(piece);
            _probe.Pass(TimeSpan.FromMilliseconds(5));
        }

        _probe.RunToSilence();
        Assert.Equal(BusProbe.Reply(2), _probe.HeardBytes);
    }

    [Fact]
    public void Frame_that_stops_is_given_up_after_silence_and_the_next_one_is_answered()
    {
        _probe.Send(BusProbe.Request(1).AsSpan(0, 5));
        _probe.RunToSilence();
        Assert.Empty(_probe.Heard);
        Assert.Equal(BusProbe.Reply(1), _probe.Exchange(BusProbe.Request(1)));
        Assert.Equal(1, _probe.Bus.Requests);
    }

    [Fact]
    public void Request_behind_noise_is_answered()
    {
        Assert.Equal(BusProbe.Reply(1), _probe.Exchange([0x00, 0xFF, 0x3C, .. BusProbe.Request(1)]));
    }

    [Fact]
    public void Request_with_a_broken_checksum_or_for_nobody_is_met_by_silence()
    {
        byte[] broken = BusProbe.Request(1);
        broken[^1] ^= 1;
        Assert.Empty(_probe.Exchange(broken));
        Assert.Empty(_probe.Exchange(BusProbe.Request(77)));
        Assert.Empty(_probe.Served);
    }

    [Fact]
    public void Two_protocols_share_the_wire()
    {
        byte[] dlt = new byte[Dlt645Frame.MaxBytes];
        Assert.True(Dlt645MeterAddress.TryParse("000000000003", out Dlt645MeterAddress address));
        int length = Dlt645Frame.Write(dlt, address, Dlt645Control.Request(Dlt645Edition.Y2007, Dlt645Function.ReadData), [0x00, 0x00, 0x01, 0x00], 4);
        Assert.Equal(BusProbe.Reply(1), _probe.Exchange(BusProbe.Request(1)));
        byte[] heard = _probe.Exchange(dlt.AsSpan(0, length));
        Assert.Equal(BusProbe.Reply(2), _probe.Exchange(BusProbe.Request(2)));
        Assert.Equal(IotProperty.Protocols.Framing.ScanStatus.Done, Dlt645Frame.Scan(heard, out Dlt645Frame frame, out _, out _));
        Assert.Equal(address, frame.Address);
        Assert.Equal(["1: 1009 1010", "meter: energy=123.45", "2: 2018 2019"], _probe.Served);
    }

    [Fact]
    public void Who_talks_into_a_reply_garbles_both()
    {
        _probe.Send(BusProbe.Request(1, 0, 20));
        _probe.Pass(BusProbe.Speed.Of(8) + BusProbe.Delay + BusProbe.Speed.Of(10));
        _probe.Send(BusProbe.Request(2));
        _probe.RunToSilence();
        byte[] whole = BusProbe.Reply(1, 0, 20);
        Assert.Equal(whole.Length, _probe.Heard.Count);
        Assert.NotEqual(whole, _probe.HeardBytes);
        Assert.Equal(8, _probe.Bus.Collisions);
        Assert.Equal(BusProbe.Reply(2), _probe.Exchange(BusProbe.Request(2)));
    }

    [Fact]
    public void Two_devices_of_one_address_collide_unless_they_say_the_same()
    {
        WireSchedule schedule = new(BusProbe.Speed);
        schedule.Add(TimeSpan.Zero, [0xE5]);
        schedule.Add(TimeSpan.Zero, [0xE5]);
        schedule.Add(TimeSpan.FromSeconds(1), [0xF0, 0x11]);
        schedule.Add(TimeSpan.FromSeconds(1), [0x0F, 0x11]);
        byte[] heard = new byte[8];
        int count = schedule.Take(TimeSpan.FromSeconds(2), heard);
        Assert.Equal([0xE5, 0x00, 0x11], heard[..count]);
        Assert.Equal(3, schedule.Collisions);
    }

    [Fact]
    public void Endless_noise_is_bounded_and_the_line_recovers()
    {
        byte[] noise = [.. Enumerable.Repeat((byte)0x03, 5000)];
        Assert.Empty(_probe.Exchange(noise));
        Assert.Equal(BusProbe.Reply(1), _probe.Exchange(BusProbe.Request(1)));
    }

    [Fact]
    public void Without_pace_everything_is_at_once_but_the_device_itself()
    {
        BusProbe probe = new(speed: WireSpeed.Unpaced);
        TimeSpan sent = probe.Now;
        Assert.Equal(BusProbe.Reply(1), probe.Exchange(BusProbe.Request(1)));
        Assert.All(probe.Heard, h => Assert.Equal(sent + BusProbe.Delay, h.At));
    }

    [Fact]
    public void Random_bytes_never_throw_and_always_come_to_rest()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<int>(), (bytes, seed) =>
        {
            BusProbe probe = new(seed);
            probe.Line.Active = (WireFault)(seed & 0x3FF);
            probe.Send(bytes);
            probe.Send(BusProbe.Request(1));
            probe.RunToSilence();
        }).Check(PropertyRun.Config);
    }
}
