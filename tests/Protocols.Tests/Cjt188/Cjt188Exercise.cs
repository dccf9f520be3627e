using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Tests.Cjt188;

/// <summary>Puts any bytes through everything here that reads bytes from outside, and throws where a promise is broken.</summary>
public static class Cjt188Exercise
{
    [ThreadStatic]
    private static Bench? _bench;

    public static void Exercise(ReadOnlySpan<byte> bytes)
    {
        Bench bench = _bench ??= new Bench();
        Walk(bytes, bench);
        Receive(bytes, bench);
    }

    /// <summary>Frame by frame; each is decoded, answered by a meter and written back.</summary>
    private static void Walk(ReadOnlySpan<byte> bytes, Bench bench)
    {
        ScanStatus first = Cjt188Frame.Scan(bytes, out _, out string why, out int wrongAt);
        Hold((first == ScanStatus.Malformed) == (why.Length > 0), "a malformed frame says why, and only that");
        Hold(wrongAt >= 0 && wrongAt <= bytes.Length, "the mistake is inside the bytes");
        Hold(first != ScanStatus.NeedMore || bytes.Length < Cjt188Frame.MaxBytes, "a scan never asks beyond the longest frame");
        while (Cjt188Frame.Seek(bytes, silent: true, out int start, out Cjt188Frame frame) == ScanStatus.Done)
        {
            Hold(frame.Length is >= Cjt188Frame.MinBytes and <= Cjt188Frame.MaxBytes, "a frame has the length of one");
            Hold(start + frame.Length <= bytes.Length, "a frame is inside the bytes");
            Decode(frame, bench);
            bytes = bytes[(start + frame.Length)..];
        }
    }

    private static void Decode(in Cjt188Frame frame, Bench bench)
    {
        frame.Data.CopyTo(bench.Written.AsSpan(Cjt188Frame.DataAt));
        int length = Cjt188Frame.Seal(bench.Written, frame.MeterType, frame.Address, frame.Control, frame.Data.Length);
        Hold(length == frame.Length, "a frame is written as it was read");
        int replyBytes = bench.Responder.Answer(frame, bench.Reply);
        if (replyBytes > 0)
        {
            Hold(Cjt188Frame.Scan(bench.Reply.AsSpan(0, replyBytes), out Cjt188Frame reply, out _, out _) == ScanStatus.Done && reply.FromMeter, "a meter's reply is a frame");
        }

        if (!Cjt188Body.TryRead(frame.Data, null, out Cjt188Body body))
        {
            return;
        }

        Cjt188Layout? layout = frame.FromMeter
            ? Cjt188Layout.OfReading(body.Identifier, frame.MeterType, body.Payload.Length)
            : Cjt188Layout.OfWrite(body.Identifier, body.Payload.Length);
        if (layout is not null)
        {
            Read(layout, body.Payload);
        }
    }

    private static void Read(Cjt188Layout layout, ReadOnlySpan<byte> payload)
    {
        bool unitFirst = layout.LooksUnitFirst(payload);
        foreach (Cjt188Field field in layout.Fields)
        {
            decimal? number = field.Kind switch
            {
                Cjt188FieldKind.Quantity => field.ReadQuantity(payload, unitFirst).Value,
                Cjt188FieldKind.Number => field.ReadNumber(payload),
                Cjt188FieldKind.Time => field.ReadTime(payload)?.Year,
                Cjt188FieldKind.Status => field.ReadStatus(payload).First,
                _ => payload[field.Offset],
            };
            Hold(number is null or >= 0, "no number is negative");
        }
    }

    /// <summary>As an answer, in pieces, to an exchange that waits.</summary>
    private static void Receive(ReadOnlySpan<byte> bytes, Bench bench)
    {
        Cjt188MasterSession session = bench.Session;
        session.Reset();
        session.BeginRead(bench.Target, Cjt188Identifier.Reading);
        while (!bytes.IsEmpty)
        {
            Span<byte> free = session.Free().Span;
            int count = Math.Min(free.Length, Math.Min(bytes.Length, 1 + (bytes[0] & 0x1F)));
            bytes[..count].CopyTo(free);
            session.Received(count);
            bytes = bytes[count..];
            session.Take(silent: (count & 1) == 0);
        }

        session.Take(silent: true);
        session.Abandon();
        session.Discard(silent: true);
        Hold(!session.Free().IsEmpty, "there is always room for more");
    }

    private static void Hold(bool holds, string promise)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"broken: {promise}");
        }
    }

    private sealed class Bench
    {
        public Cjt188MasterSession Session { get; } = new();

        public Cjt188Responder Responder { get; } = new(new FakeMeter());

        public Cjt188Target Target { get; } = new(Cjt188MeterType.ColdWater, Cjt188AddressField.Any);

        public byte[] Written { get; } = new byte[Cjt188Frame.MaxBytes];

        public byte[] Reply { get; } = new byte[Cjt188Frame.MaxBytes];
    }
}
