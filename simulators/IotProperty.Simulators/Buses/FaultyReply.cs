using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Buses;

/// <summary>Puts a reply on the wire as the faults let it through.</summary>
public static class FaultyReply
{
    private const WireFault Spoils = WireFault.Truncated | WireFault.Corrupted | WireFault.WrongUnit | WireFault.BaudMismatch;
    private const int MostNoiseBytes = 4;
    private const int GapCharacters = 4;
    private static readonly TimeSpan SplitPause = TimeSpan.FromMilliseconds(15);

    /// <summary>Whether a whole answer gets through unchanged, so that what it shows is shown to the master.</summary>
    public static bool Shows(WireFault faults) => (faults & Spoils) == 0;

    /// <param name="start">When the first character of a healthy reply begins.</param>
    /// <param name="reply">The reply; changed where a fault changes it.</param>
    /// <returns>Whether the whole reply stands on the wire unchanged.</returns>
    public static bool Send(WireSchedule schedule, WireSpeed speed, TimeSpan start, Span<byte> reply, IBusDialect dialect, WireFault faults, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(dialect);
        ArgumentNullException.ThrowIfNull(random);
        ReadOnlySpan<byte> sent = Spoil(reply, speed, dialect, faults, random);
        TimeSpan at = faults.HasFlag(WireFault.Late) ? start + WireCondition.LateBy : start;
        if (faults.HasFlag(WireFault.Noise))
        {
            at = Noise(schedule, at, random) + speed.Of(GapCharacters);
        }

        at = Frame(schedule, speed, at, sent, faults, random);
        if (faults.HasFlag(WireFault.Doubled))
        {
            at = Frame(schedule, speed, at + speed.Of(GapCharacters), sent, faults, random);
        }

        if (faults.HasFlag(WireFault.Noise))
        {
            Noise(schedule, at + speed.Of(GapCharacters), random);
        }

        return Shows(faults);
    }

    private static ReadOnlySpan<byte> Spoil(Span<byte> reply, WireSpeed speed, IBusDialect dialect, WireFault faults, SeededRandom random)
    {
        if (faults.HasFlag(WireFault.WrongUnit))
        {
            dialect.Readdress(reply);
        }

        if (faults.HasFlag(WireFault.Corrupted))
        {
            // A wake-up byte that was hit would change nothing.
            Span<byte> frame = reply[dialect.WakeUpBytes(reply)..];
            frame[random.Below(frame.Length)] ^= (byte)(1 + random.Below(255));
        }

        if (faults.HasFlag(WireFault.Truncated))
        {
            reply = reply[..random.Below(reply.Length)];
        }

        return faults.HasFlag(WireFault.BaudMismatch) && speed.IsPaced ? UartSampling.Receive(reply, speed.Baud, 2 * speed.Baud) : reply;
    }

    private static TimeSpan Frame(WireSchedule schedule, WireSpeed speed, TimeSpan at, ReadOnlySpan<byte> sent, WireFault faults, SeededRandom random)
    {
        if (!faults.HasFlag(WireFault.Split) || sent.Length < 2)
        {
            return schedule.Add(at, sent);
        }

        int cut = 1 + random.Below(sent.Length - 1);
        return schedule.Add(schedule.Add(at, sent[..cut]) + SplitPause + speed.Of(GapCharacters), sent[cut..]);
    }

    private static TimeSpan Noise(WireSchedule schedule, TimeSpan at, SeededRandom random)
    {
        Span<byte> noise = stackalloc byte[1 + random.Below(MostNoiseBytes)];
        foreach (ref byte value in noise)
        {
            value = (byte)random.Below(256);
        }

        return schedule.Add(at, noise);
    }
}
