using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IotProperty.Edge.Commands.Decoding;

/// <summary><c>iotp-edge decode</c>: explains a frame that an installer has caught on the wire.</summary>
internal static class DecodeCommand
{
    /// <summary>No frame of a field protocol is longer; more is a mistake in pasting.</summary>
    private const int MaxBytes = 4_096;

    private static readonly IFrameDecoder[] Decoders = [new ModbusDecoder(), new Dlt645Decoder(), new Cjt188Decoder(), new MBusDecoder()];

    // Chinese and units are for people to read, and nothing here is embedded in a page.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IReadOnlyList<string> Protocols { get; } = [.. Decoders.Select(decoder => decoder.Protocol)];

    /// <summary>Prints one JSON object: the frame's fields, or <c>{"error": …, "offset": …}</c> with exit code 2.</summary>
    /// <param name="direction">Who sent it, for protocols whose bytes do not always tell; null to let them tell.</param>
    public static int Run(string protocol, string hex, FrameDirection? direction, TextWriter output)
    {
        IFrameDecoder? decoder = Decoders.FirstOrDefault(known => known.Protocol == protocol);
        if (decoder is null)
        {
            return Refuse(new DecodeMistake($"no protocol '{protocol}' is known; write one of: {string.Join(", ", Protocols)}", 0), output);
        }

        if (Bytes(hex, out DecodeMistake mistake) is not { } frame)
        {
            return Refuse(mistake, output);
        }

        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, Readable))
        {
            writer.WriteStartObject();
            if (decoder.Decode(frame, direction, writer) is { } why)
            {
                return Refuse(why, output);
            }

            writer.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
        return EdgeCommandLine.Ok;
    }

    /// <summary>The fields of a frame that a scanner has already found whole, or what is wrong with it.</summary>
    public static JsonElement Explain(string protocol, ReadOnlySpan<byte> frame, FrameDirection? direction)
    {
        IFrameDecoder decoder = Decoders.First(known => known.Protocol == protocol);
        ArrayBufferWriter<byte> buffer = new();
        DecodeMistake? mistake;
        using (Utf8JsonWriter writer = new(buffer, Readable))
        {
            writer.WriteStartObject();
            mistake = decoder.Decode(frame, direction, writer);
            if (mistake is null)
            {
                writer.WriteEndObject();
            }
            else
            {
                writer.Reset();
                buffer.ResetWrittenCount();
                writer.WriteStartObject();
                writer.WriteString("error", mistake.Value.Error);
                writer.WriteNumber("offset", mistake.Value.Offset);
                writer.WriteEndObject();
            }
        }

        using JsonDocument document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    private static int Refuse(DecodeMistake mistake, TextWriter output)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, Readable))
        {
            writer.WriteStartObject();
            writer.WriteString("error", mistake.Error);
            writer.WriteNumber("offset", mistake.Offset);
            writer.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
        return EdgeCommandLine.BadInput;
    }

    /// <summary>Hexadecimal digits in pairs; what people put between the pairs (spaces, colons, hyphens, commas, 0x) is passed over.</summary>
    private static byte[]? Bytes(string hex, out DecodeMistake mistake)
    {
        StringBuilder digits = new(hex.Length);
        for (int i = 0; i < hex.Length; i++)
        {
            char c = hex[i];
            bool prefix = c == '0' && i + 1 < hex.Length && hex[i + 1] is 'x' or 'X' && digits.Length % 2 == 0;
            if (prefix)
            {
                i++;
            }
            else if (char.IsAsciiHexDigit(c))
            {
                digits.Append(c);
            }
            else if (!(char.IsWhiteSpace(c) || c is ':' or '-' or ','))
            {
                mistake = new DecodeMistake($"character {i + 1} ('{c}') is no hexadecimal digit", digits.Length / 2);
                return null;
            }
        }

        mistake = digits.Length switch
        {
            0 => new DecodeMistake("there are no bytes", 0),
            > MaxBytes * 2 => new DecodeMistake($"more than {MaxBytes} bytes", MaxBytes),
            _ when digits.Length % 2 != 0 => new DecodeMistake("the last byte has one digit only", digits.Length / 2),
            _ => default,
        };
        return mistake.Error is null ? Convert.FromHexString(digits.ToString()) : null;
    }
}
