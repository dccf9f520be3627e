using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Framing;

namespace IotProperty.Edge.Tests.Drivers.Cjt188;

/// <summary>A bus with one meter with a valve on it, which answers at once. Counts the requests by their function.</summary>
internal sealed class Cjt188Wire : AnsweringWire, ICjt188MeterImage
{
    private readonly Cjt188Responder _responder;
    private readonly byte[] _reply = new byte[Cjt188Frame.MaxBytes];
    private int _readsUntilMoved;
    private Cjt188Valve _ordered = Cjt188Valve.Open;

    public Cjt188Wire() => _responder = new Cjt188Responder(this);

    public List<string> Requests { get; } = [];

    /// <summary>How often its state is read before the valve has moved.</summary>
    public int Slowness { get; init; }

    /// <summary>Sends its counter and no status.</summary>
    public bool IsShort { get; init; }

    public bool Refuses { get; init; }

    /// <summary>Takes orders, but says nothing to them.</summary>
    public bool IsMuteToWrites { get; init; }

    public Cjt188Valve Valve { get; set; } = Cjt188Valve.Open;

    public byte MeterType => Cjt188MeterType.ColdWater;

    public Cjt188AddressField Address => new(0x78_3300_1122_3344);

    public Cjt188Status Status => Cjt188Status.Of(Valve, batteryLow: false);

    public int Read(ushort identifier, Span<byte> payload)
    {
        if (identifier != Cjt188Identifier.Reading)
        {
            return -1;
        }

        Valve = _readsUntilMoved-- > 0 ? Valve : _ordered;
        Cjt188Layout layout = IsShort ? Cjt188Layout.VolumeOnly : Cjt188Layout.Volume;
        layout.Find("current")!.WriteQuantity(payload, 12.34m, Cjt188Unit.CubicMetreCode);
        layout.Find("settlement")?.WriteQuantity(payload, null, 0xFF);
        layout.Find("time")?.WriteTime(payload, null);
        layout.Find("status")?.WriteStatus(payload, Status);
        return layout.PayloadBytes;
    }

    public bool Write(ushort identifier, ReadOnlySpan<byte> payload)
    {
        if (Refuses || identifier != Cjt188Identifier.WriteValve)
        {
            return false;
        }

        _ordered = payload[0] == (byte)Cjt188ValveCommand.Close ? Cjt188Valve.Closed : Cjt188Valve.Open;
        _readsUntilMoved = Slowness;
        return true;
    }

    protected override ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> request)
    {
        Assert.Equal(ScanStatus.Done, Cjt188Frame.Seek(request, silent: true, out _, out Cjt188Frame frame));
        Requests.Add(frame.Function.ToString());
        int length = _responder.Answer(frame, _reply);
        return _reply.AsSpan(0, IsMuteToWrites && frame.Function == Cjt188Function.WriteData ? 0 : length);
    }
}
