using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Tests.Dlt645;

/// <summary>Puts bytes through everything that reads them: scanner, master, meter, values. For properties and for long runs of random bytes.</summary>
public static class Dlt645Exercise
{
    private static readonly Dlt645Identifier Asked = new(Dlt645Edition.Y2007, 0x0001FF00);

    [ThreadStatic]
    private static Tools? _tools;

    /// <summary>Throws where a promise is broken; allocates a bounded amount.</summary>
    public static void Exercise(ReadOnlySpan<byte> bytes)
    {
        Tools tools = _tools ??= new Tools();
        Walk(bytes, tools);
        Converse(bytes, tools);
        Dlt645Item? item = Dlt645Identifier.TryRead(Dlt645Edition.Y2007, bytes, out Dlt645Identifier newer) ? Dlt645ItemTable.Find(newer) : null;
        ReadValues(item ?? Dlt645ItemTable.Find(Asked)!, bytes.Length > 4 ? bytes[4..] : bytes);
        if (Dlt645Identifier.TryRead(Dlt645Edition.Y1997, bytes, out Dlt645Identifier older) && Dlt645ItemTable.Find(older) is { } old)
        {
            ReadValues(old, bytes[2..]);
        }
    }

    private static void Walk(ReadOnlySpan<byte> bytes, Tools tools)
    {
        ReadOnlySpan<byte> rest = bytes;
        while (Dlt645Frame.Seek(rest, silent: true, out int start, out Dlt645Frame frame) == ScanStatus.Done)
        {
            Require(frame.Length >= Dlt645Frame.OverheadBytes && start + frame.Length <= rest.Length, "a frame lies within the bytes");
            int length = frame.CopyData(tools.Data);
            int written = Dlt645Frame.Write(tools.Frame, frame.Address, frame.Control, tools.Data.AsSpan(0, length), frame.WakeUpBytes);
            Require(tools.Frame.AsSpan(0, written).SequenceEqual(rest.Slice(start, frame.Length)), "a frame is written back as it was");
            Dlt645Edition edition = Dlt645Functions.EditionOf(frame.Control.Code);
            _ = Dlt645Request.TryRead(edition, Dlt645Functions.Of(edition, frame.Control.Code), tools.Data.AsSpan(0, length), out _);
            int reply = tools.Responder.Answer(frame, tools.Frame);
            Require(reply == 0 || Dlt645Frame.Scan(tools.Frame.AsSpan(0, reply), out _, out _, out _) == ScanStatus.Done, "a meter answers with a frame");
            rest = rest[(start + frame.Length)..];
        }
    }

    private static void Converse(ReadOnlySpan<byte> bytes, Tools tools)
    {
        Dlt645MasterSession session = tools.Session;
        session.Abandon();
        session.BeginRead(Dlt645MeterAddress.Anyone, Asked);
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            Memory<byte> free = session.Free();
            Require(!free.IsEmpty, "there is always room");
            int count = Math.Min(rest.Length, free.Length);
            rest[..count].CopyTo(free.Span);
            session.Received(count);
            rest = rest[count..];
            BusStatus status = session.Take(silent: rest.IsEmpty);
            Require(session.Data.Length <= Dlt645MasterSession.MaxGatheredBytes, "an answer is bounded");
            if (status is BusStatus.Answered or BusStatus.Refused or BusStatus.Mismatch)
            {
                session.BeginRead(Dlt645MeterAddress.Anyone, Asked);
            }
        }
    }

    private static void ReadValues(Dlt645Item item, ReadOnlySpan<byte> data)
    {
        int count = item.CountIn(data);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> wire = item.ValueAt(data, i);
            bool number = item.Format.TryNumber(wire, out _);
            Require(!number || item.Format.IsNumber, "only numbers are numbers");
            _ = item.Format.Text(wire);
            _ = item.Format.Stamp(wire);
            _ = item.Format.Weekday(wire);
        }
    }

    private static void Require(bool promise, string what)
    {
        if (!promise)
        {
            throw new InvalidOperationException($"broken promise: {what}");
        }
    }

    private sealed class Tools
    {
        public byte[] Data { get; } = new byte[Dlt645Frame.MaxDataBytes];

        public byte[] Frame { get; } = new byte[Dlt645Frame.MaxBytes];

        public Dlt645MasterSession Session { get; } = new();

        public Dlt645Responder Responder { get; } = new(new FakeMeter());
    }
}
