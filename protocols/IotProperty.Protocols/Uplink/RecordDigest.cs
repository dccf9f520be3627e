using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Protocols.Uplink;

/// <summary>
/// A digest of 64 bits of one record. The sum of digests modulo 2^64 is a hash of a set that depends on no order and from which a record can be taken out again, so
/// that edge and hub can compare what they hold without sending it. It finds losses, doublings and damage; it does not resist somebody who forges.
/// What goes into a digest never changes: an edge and a hub of different versions compare them.
/// </summary>
public static class RecordDigest
{
    /// <summary>The first byte of what is digested, so that records of different kinds never look alike.</summary>
    private enum Kind : byte
    {
        Reading = 2,
        Transition = 3,
        Access = 4,
        Command = 5,
        ClockStep = 6,
    }

    public static ulong Of(in Sample sample) => Of(OfPoint(sample.Point), sample);

    /// <summary>For many samples of one point, whose digest (<see cref="OfPoint"/>) is worked out once.</summary>
    public static ulong Of(ulong point, in Sample sample)
    {
        ulong mark = ((ulong)(byte)sample.Quality << 1) | (sample.ClockTrusted ? 1UL : 0);
        return Mix(Mix(Mix(point, unchecked((ulong)sample.TimeMs)), BitConverter.DoubleToUInt64Bits(sample.Value)), mark);
    }

    /// <summary>Cheap, because an edge may hold tens of thousands of points and a second brings a sample of each.</summary>
    public static ulong OfPoint(PointRef point) => Mix(Mix(0, point.Device), point.Point);

    public static ulong Of(MeterReading reading)
    {
        ArgumentNullException.ThrowIfNull(reading);
        Span<int> value = stackalloc int[4];
        _ = decimal.GetBits(reading.Value, value);
        return new Content(Kind.Reading)
            .Add(reading.Device).Add(reading.Register).Add(reading.Unit).Add(reading.TimeMs)
            .Add(value[0]).Add(value[1]).Add(value[2]).Add(value[3])
            .Add(reading.Digits).Add((long)reading.Quality).Add(reading.ClockTrusted ? 1 : 0)
            .Digest();
    }

    public static ulong Of(AlarmTransition transition)
    {
        ArgumentNullException.ThrowIfNull(transition);
        return new Content(Kind.Transition)
            .Add(transition.Occurrence).Add(transition.Ordinal).Add(transition.Rule).Add(transition.Point.Device).Add(transition.Point.Point)
            .Add((long)transition.From).Add((long)transition.To).Add((long)transition.Cause).Add(transition.TimeMs)
            .Add(BitConverter.DoubleToInt64Bits(transition.Value)).Add(BitConverter.DoubleToInt64Bits(transition.Limit)).Add(transition.ClockTrusted ? 1 : 0)
            .Digest();
    }

    public static ulong Of(AccessEvent accessEvent)
    {
        ArgumentNullException.ThrowIfNull(accessEvent);
        return new Content(Kind.Access)
            .Add(accessEvent.Id).Add(accessEvent.Device).Add((long)accessEvent.Kind).Add((long)accessEvent.Decision).Add((long)accessEvent.Reason)
            .Add(accessEvent.Credential).Add(accessEvent.Fingerprint).Add(accessEvent.TimeMs).Add(accessEvent.ClockTrusted ? 1 : 0)
            .Digest();
    }

    /// <summary>Without the reason, which is younger than this and says in short what the detail says.</summary>
    public static ulong Of(CommandResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new Content(Kind.Command)
            .Add(result.Id).Add((long)result.Outcome).Add(result.Detail).Add(result.TimeMs).Add(result.ClockTrusted ? 1 : 0)
            .Digest();
    }

    public static ulong Of(ClockStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return new Content(Kind.ClockStep)
            .Add(step.Id).Add(step.TimeMs).Add(step.StepMs).Add(step.UptimeMs).Add(step.ClockTrusted ? 1 : 0)
            .Digest();
    }

    /// <summary>The finishing step of SplitMix64 (Steele, Lea, Flood 2014): every bit of either side moves half of the result's.</summary>
    private static ulong Mix(ulong digest, ulong value)
    {
        unchecked
        {
            ulong mixed = (digest ^ value) + 0x9E37_79B9_7F4A_7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
            return mixed ^ (mixed >> 31);
        }
    }

    /// <summary>The UTF-16 code units of a text, four at a time, the first one lowest, after their number.</summary>
    private static ulong Mix(ulong digest, string text)
    {
        digest = Mix(digest, (ulong)text.Length);
        ulong four = 0;
        for (int i = 0; i < text.Length; i++)
        {
            four |= (ulong)text[i] << (16 * (i & 3));
            if ((i & 3) == 3 || i == text.Length - 1)
            {
                digest = Mix(digest, four);
                four = 0;
            }
        }

        return digest;
    }

    /// <summary>Fields one after the other, texts with their length before them, so that no two records are written alike; digested by SHA-256, cut to 64 bits.</summary>
    private readonly struct Content
    {
        private readonly ArrayBufferWriter<byte> _bytes;

        public Content(Kind kind)
        {
            _bytes = new ArrayBufferWriter<byte>(256);
            _bytes.Write([(byte)kind]);
        }

        public Content Add(long number)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(sizeof(long)), number);
            _bytes.Advance(sizeof(long));
            return this;
        }

        public Content Add(string text)
        {
            Add((long)Encoding.UTF8.GetByteCount(text));
            Encoding.UTF8.GetBytes(text, _bytes);
            return this;
        }

        public ulong Digest()
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(_bytes.WrittenSpan, hash);
            return BinaryPrimitives.ReadUInt64LittleEndian(hash);
        }
    }
}
