using System.Text.Json;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;

namespace IotProperty.Edge.Commands.Decoding;

/// <summary>
/// Explains DL/T 645 of both editions: one frame, or a capture of several with noise and echoes between them. Broadcast time (08) looks alike in both
/// editions and is shown as 2007's.
/// </summary>
internal sealed class Dlt645Decoder : IFrameDecoder
{
    private const byte WakeUp = 0xFE;
    private const byte Start = 0x68;

    public string Protocol => "dlt645";

    public DecodeMistake? Decode(ReadOnlySpan<byte> frame, Utf8JsonWriter fields)
    {
        List<Part> parts = [];
        if (Divide(frame, parts) is { } mistake)
        {
            return mistake;
        }

        if (parts is [{ IsFrame: true }])
        {
            Dlt645Frame.Scan(frame, out Dlt645Frame only, out _, out _);
            Dlt645FrameWriter.Write(only, fields);
            return null;
        }

        fields.WriteStartArray("frames");
        foreach (Part part in parts)
        {
            fields.WriteStartObject();
            WritePart(frame.Slice(part.Start, part.Length), part.IsFrame, fields);
            fields.WriteEndObject();
        }

        fields.WriteEndArray();
        return null;
    }

    private static void WritePart(ReadOnlySpan<byte> bytes, bool isFrame, Utf8JsonWriter fields)
    {
        if (!isFrame)
        {
            fields.WriteString("role", bytes.ContainsAnyExcept(Start) ? "noise, skip" : "stray 68, skip");
            fields.WriteString("hex", Convert.ToHexString(bytes));
            return;
        }

        Dlt645Frame.Scan(bytes, out Dlt645Frame frame, out _, out _);
        fields.WriteString("role", frame.Control.FromMeter ? "response" : "echo of own request (D7=0), drop");
        fields.WriteString("hex", Convert.ToHexString(bytes));
        Dlt645FrameWriter.Write(frame, fields);
    }

    /// <summary>Finds the frames and what lies between them. Bytes behind the last frame are a mistake: a frame is walked by its length, so they belong to none.</summary>
    private static DecodeMistake? Divide(ReadOnlySpan<byte> bytes, List<Part> parts)
    {
        int at = 0;
        while (Dlt645Frame.Seek(bytes[at..], silent: true, out int skipped, out Dlt645Frame frame) == ScanStatus.Done)
        {
            if (skipped > 0)
            {
                parts.Add(new Part(at, skipped, IsFrame: false));
            }

            parts.Add(new Part(at + skipped, frame.Length, IsFrame: true));
            at += skipped + frame.Length;
        }

        if (parts.Count > 0 && at == bytes.Length)
        {
            return null;
        }

        // The mistake is told at the first byte that could begin a frame; without one, at the front.
        int begin = bytes[at..].IndexOfAny(WakeUp, Start);
        if (parts.Count > 0 && begin != 0)
        {
            return new DecodeMistake("bytes follow the end of the frame", at);
        }

        int from = at + Math.Max(begin, 0);
        Dlt645Frame.Scan(bytes[from..], out _, out string why, out int wrongAt);
        return new DecodeMistake(why, from + wrongAt);
    }

    private readonly record struct Part(int Start, int Length, bool IsFrame);
}
