using IotProperty.Edge.Commands.Decoding;
using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Commands.Monitoring;

/// <summary>
/// Cuts what is overheard on a bus into frames, whatever protocols are mixed on it. A listener sees both directions and no silence that it could trust, so frames
/// are known by their structure and checksum; silence only tells that what has begun will not end. Pure; bounded; one owner.
/// </summary>
/// <param name="protocols">Those that may be on the bus, named as decoders are.</param>
internal sealed class TrafficReader(IReadOnlyCollection<string> protocols)
{
    /// <summary>Longer than any frame with its wake-up bytes; what does not fit is noise.</summary>
    private const int Capacity = 1_024;

    /// <summary>Before a frame of the meter protocols, to wake receivers up (DL/T 645-2007, §5.2.1; CJ/T 188-2004, §6.3.1).</summary>
    private const byte WakeUp = 0xFE;

    private readonly byte[] _bytes = new byte[Capacity];
    private readonly double[] _times = new double[Capacity];
    private readonly List<BusTraffic> _heard = [];
    private int _count;
    private int _noise;
    private BusTraffic? _last;

    /// <summary>Takes bytes that were read at a moment, and tells what they completed. <paramref name="bytes"/> may be of any length.</summary>
    public IReadOnlyList<BusTraffic> Heard(ReadOnlySpan<byte> bytes, double atMs)
    {
        _heard.Clear();
        while (!bytes.IsEmpty)
        {
            int part = Math.Min(bytes.Length, Capacity - _count);
            bytes[..part].CopyTo(_bytes.AsSpan(_count));
            Array.Fill(_times, atMs, _count, part);
            _count += part;
            bytes = bytes[part..];
            Cut(silent: false);
            if (_count == Capacity)
            {
                Cut(silent: true);
            }
        }

        return _heard;
    }

    /// <summary>The bus has fallen silent: what has begun and is no frame yet never will be.</summary>
    public IReadOnlyList<BusTraffic> FellSilent()
    {
        _heard.Clear();
        Cut(silent: true);
        return _heard;
    }

    private void Cut(bool silent)
    {
        while (_noise < _count)
        {
            ReadOnlySpan<byte> rest = _bytes.AsSpan(_noise, _count - _noise);
            ScanStatus status = Find(rest, out string protocol, out FrameDirection? direction, out int length);
            if (status == ScanStatus.NeedMore && !silent)
            {
                return;
            }

            if (status == ScanStatus.Done)
            {
                EndNoise();
                Tell(protocol, direction, length);
            }
            else
            {
                _noise++;
            }
        }

        if (silent)
        {
            EndNoise();
        }
    }

    /// <summary>The longest frame at the start of the bytes, of whatever protocol; else whether one may still come.</summary>
    private ScanStatus Find(ReadOnlySpan<byte> bytes, out string protocol, out FrameDirection? direction, out int length)
    {
        (protocol, direction, length) = ("", null, 0);
        bool mayCome = false;
        foreach (string known in protocols)
        {
            ScanStatus status = Scan(known, bytes, out FrameDirection? found, out int bytesOfFrame);
            mayCome |= status == ScanStatus.NeedMore;
            if (status == ScanStatus.Done && bytesOfFrame > length)
            {
                (protocol, direction, length) = (known, found, bytesOfFrame);
            }
        }

        return length > 0 ? ScanStatus.Done : mayCome ? ScanStatus.NeedMore : ScanStatus.Malformed;
    }

    private ScanStatus Scan(string protocol, ReadOnlySpan<byte> bytes, out FrameDirection? direction, out int length)
    {
        direction = null;
        length = 0;
        switch (protocol)
        {
            case "modbus":
                return ScanModbus(bytes, out direction, out length);
            case "dlt645":
                ScanStatus dlt645 = Dlt645Frame.Scan(bytes, out Dlt645Frame electricity, out _, out _);
                length = dlt645 == ScanStatus.Done ? electricity.Length : 0;
                direction = Sender(electricity.Control.FromMeter);
                return dlt645;
            case "cjt188":
                int wakeUp = bytes.IndexOfAnyExcept(WakeUp);
                if (wakeUp < 0)
                {
                    return ScanStatus.NeedMore;
                }

                ScanStatus cjt188 = Cjt188Frame.Scan(bytes[wakeUp..], out Cjt188Frame water, out _, out _);
                length = cjt188 == ScanStatus.Done ? wakeUp + water.Length : 0;
                direction = Sender(water.FromMeter);
                return cjt188;
            case "mbus":
                return ScanMBus(bytes, out direction, out length);
            default:
                throw new InvalidOperationException($"no scanner for {protocol}");
        }
    }

    /// <summary>Requests and answers look alike; an answer follows a request of the same unit and function.</summary>
    private ScanStatus ScanModbus(ReadOnlySpan<byte> bytes, out FrameDirection? direction, out int length)
    {
        ScanStatus asked = ModbusRtuFrame.Scan(bytes, ModbusDirection.Request, out ModbusRtuFrame request, out _);
        ScanStatus answered = ModbusRtuFrame.Scan(bytes, ModbusDirection.Reply, out ModbusRtuFrame response, out _);
        bool awaited = _last is { Protocol: "modbus", Direction: FrameDirection.Request } last
            && bytes.Length > 1 && last.Bytes[0] == bytes[0] && last.Bytes[1] == (bytes[1] & 0x7F);
        bool takeAnswer = answered == ScanStatus.Done && (awaited || asked != ScanStatus.Done);
        direction = takeAnswer ? FrameDirection.Response : FrameDirection.Request;
        length = takeAnswer ? response.Length : asked == ScanStatus.Done ? request.Length : 0;
        return length > 0 ? ScanStatus.Done
            : asked == ScanStatus.NeedMore || answered == ScanStatus.NeedMore ? ScanStatus.NeedMore
            : ScanStatus.Malformed;
    }

    /// <summary>A single E5 is an acknowledgement only where one is due, since any byte of another protocol may be E5.</summary>
    private ScanStatus ScanMBus(ReadOnlySpan<byte> bytes, out FrameDirection? direction, out int length)
    {
        ScanStatus status = MBusFrame.Scan(bytes, out MBusFrame frame, out _);
        bool acknowledges = status == ScanStatus.Done && frame.Kind == MBusFrameKind.Acknowledge;
        bool due = protocols.Count == 1 || _last is { Protocol: "mbus", Direction: FrameDirection.Request };
        length = status == ScanStatus.Done ? frame.Length : 0;
        direction = Sender(acknowledges || !MBusControl.IsFromMaster(frame.Control));
        return acknowledges && !due ? ScanStatus.Malformed : status;
    }

    private static FrameDirection Sender(bool isDevice) => isDevice ? FrameDirection.Response : FrameDirection.Request;

    private void EndNoise()
    {
        if (_noise > 0)
        {
            int noise = _noise;
            _noise = 0;
            Tell(null, null, noise);
        }
    }

    private void Tell(string? protocol, FrameDirection? direction, int length)
    {
        BusTraffic traffic = new(protocol, direction, _bytes[..length], _times[0], _times[length - 1]);
        _heard.Add(traffic);
        _last = protocol is null ? _last : traffic;
        _bytes.AsSpan(length, _count - length).CopyTo(_bytes);
        _times.AsSpan(length, _count - length).CopyTo(_times);
        _count -= length;
    }
}
