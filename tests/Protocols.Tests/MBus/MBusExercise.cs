using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;

namespace IotProperty.Protocols.Tests.MBus;

/// <summary>Puts any bytes through everything here that reads bytes from outside, and throws where a promise is broken.</summary>
public static class MBusExercise
{
    [ThreadStatic]
    private static Bench? _bench;

    public static void Exercise(ReadOnlySpan<byte> bytes)
    {
        Bench bench = _bench ??= new Bench();
        Walk(bytes, bench);
        Receive(bytes, bench);
        bench.Hear(bytes);
    }

    /// <summary>Frame by frame; each is read, answered by a meter and written back.</summary>
    private static void Walk(ReadOnlySpan<byte> bytes, Bench bench)
    {
        ScanStatus first = MBusFrame.Scan(bytes, out _, out MBusMistake mistake);
        Hold(first == ScanStatus.Malformed == !mistake.IsNone, "a malformed frame says why, and only that");
        Hold(mistake.Offset >= 0 && mistake.Offset <= bytes.Length, "the mistake is inside the bytes");
        Hold(first != ScanStatus.NeedMore || bytes.Length < MBusLimits.MaxFrameBytes, "a scan never asks beyond the longest frame");
        while (MBusFrame.Seek(bytes, silent: true, out int start, out MBusFrame frame) == ScanStatus.Done)
        {
            Hold(frame.Length is >= 1 and <= MBusLimits.MaxFrameBytes, "a frame has the length of one");
            Hold(start + frame.Length <= bytes.Length, "a frame is inside the bytes");
            Read(frame, bench);
            bytes = bytes[(start + frame.Length)..];
        }
    }

    private static void Read(in MBusFrame frame, Bench bench)
    {
        int replyBytes = bench.Responder.Answer(frame, bench.Reply);
        if (replyBytes > 0)
        {
            Hold(MBusFrame.Scan(bench.Reply.AsSpan(0, replyBytes), out MBusFrame reply, out _) == ScanStatus.Done && reply.Length == replyBytes, "a meter's reply is a frame");
        }

        if (frame.Kind != MBusFrameKind.Long)
        {
            return;
        }

        int length = MBusFrameWriter.Long(bench.Written, frame.Control, frame.Address, frame.ControlInformation, frame.Data);
        Hold(length == frame.Length, "a frame is written as it was read");
        foreach (MBusTextUnit textUnit in Bench.TextUnits)
        {
            bool sound = MBusTelegram.Read(frame, textUnit, out MBusTelegram telegram, out MBusMistake mistake) == ScanStatus.Done;
            Hold(sound == mistake.IsNone, "a broken telegram says why");
            Hold(mistake.Offset >= 0 && mistake.Offset <= frame.Length, "the mistake is inside the frame");
            MBusRecordReader records = sound ? telegram.Records(textUnit) : new MBusRecordReader(frame.Data, textUnit);
            Records(records, sound, frame.Data.Length);
        }
    }

    private static void Records(MBusRecordReader records, bool sound, int bytes)
    {
        int count = 0;
        while (records.MoveNext())
        {
            MBusRecord record = records.Current;
            Hold(++count <= bytes, "a record takes a byte at least");
            bool raw = record.TryGetRaw(out _);
            Hold(!record.TryGetNumber(out _) || raw, "what is scaled was a number");
            Hold(!raw || record.IsNumeric, "a number is numeric");
            Hold(!record.TryGetDate(out MBusDate date) || date.Day is >= 1 and <= 31 || date.Type == MBusDateType.J, "a date is possible");
            Hold(record.Kind != MBusRecordKind.Value || (record.Dib.Length <= 11 && record.Vif.Length + record.Vife.Length <= 11), "chains are bounded");
            Hold(record.Meaning().Length <= 2 * record.Vife.Length, "a meaning names modifiers");
        }

        Hold(!sound || records.Mistake.IsNone, "a telegram that was read holds sound records");
    }

    /// <summary>As an answer, in pieces, to an exchange that waits.</summary>
    private static void Receive(ReadOnlySpan<byte> bytes, Bench bench)
    {
        MBusMasterSession session = bench.Session;
        session.Reset();
        session.BeginReadout(bytes.Length % 2 == 0 ? MBusTarget.Primary(1) : MBusTarget.Selected(MBusSecondaryAddress.Any), MBusReadout.Usual);
        session.Sent(0, 1_000);
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
        Hold(session.Telegrams <= MBusMasterSession.MostTelegrams, "a readout is bounded");
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
        public static readonly MBusTextUnit[] TextUnits = [MBusTextUnit.BeforeModifiers, MBusTextUnit.AfterModifiers];

        private static readonly MBusSearchLimits Short = MBusSearchLimits.Whole with { MaxRequests = 200 };

        private MBusSecondarySearch _search = new(Short);

        public MBusMasterSession Session { get; } = new();

        public MBusResponder Responder { get; } = new(new FakeMeter("12345678HYD0107", 1));

        public byte[] Written { get; } = new byte[MBusLimits.MaxFrameBytes];

        public byte[] Reply { get; } = new byte[MBusLimits.MaxFrameBytes];

        public void Hear(ReadOnlySpan<byte> bytes)
        {
            _search.Heard(bytes);
            Hold(_search.Progress is >= 0 and <= 1, "progress is a share");
            _search = _search.IsOver ? new MBusSecondarySearch(Short) : _search;
        }
    }
}
