using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;

namespace IotProperty.Protocols.Tests.MBus;

/// <summary>Two wires with meters: those that answer at once are heard on top of each other.</summary>
internal sealed class FakeBus(params FakeMeter[] meters)
{
    private readonly MBusResponder[] _responders = [.. meters.Select(meter => new MBusResponder(meter))];

    public List<string> Requests { get; } = [];

    /// <summary>What the master hears.</summary>
    public byte[] Ask(ReadOnlySpan<byte> request)
    {
        Requests.Add(Convert.ToHexString(request));
        Assert.Equal(ScanStatus.Done, MBusFrame.Scan(request, out MBusFrame frame, out _));
        byte[] heard = [];
        for (int i = 0; i < _responders.Length; i++)
        {
            byte[] reply = new byte[MBusLimits.MaxFrameBytes];
            int length = _responders[i].Answer(frame, reply);

            // Acknowledgements fall on one another, because all meters wait equally long; the longer work for a telegram sets them apart.
            byte[] idle = length > 1 && heard.Length > 0 ? [.. Enumerable.Repeat((byte)0xFF, 1 + (i % 4))] : [];
            heard = Overlaid(heard, [.. idle, .. reply[..length]]);
        }

        return heard;
    }

    /// <summary>Carries an exchange to its end; answers are lost where <paramref name="hears"/> says so.</summary>
    public BusStatus Carry(MBusMasterSession session, Func<int, bool>? hears = null)
    {
        for (int step = 0; step < 100; step++)
        {
            byte[] heard = Ask(session.Outgoing.Span);
            if (hears?.Invoke(step) == false)
            {
                continue;
            }

            heard.CopyTo(session.Free());
            session.Received(heard.Length);
            BusStatus status = session.Take(silent: true);
            if (status != BusStatus.SendNext)
            {
                return status;
            }
        }

        throw new InvalidOperationException("the exchange does not end");
    }

    /// <summary>A space pulls more current than a mark, so the zeros win.</summary>
    private static byte[] Overlaid(byte[] first, byte[] second)
    {
        if (first.Length == 0 || second.Length == 0)
        {
            return first.Length == 0 ? second : first;
        }

        byte[] heard = first.Length > second.Length ? [.. first] : [.. second];
        for (int i = 0; i < Math.Min(first.Length, second.Length); i++)
        {
            heard[i] = (byte)(first[i] & second[i]);
        }

        return heard;
    }
}
