using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using Google.Protobuf;
using IotProperty.Protocols.Uplink.Wire;

namespace IotProperty.Protocols.Uplink;

/// <summary>Protocol Buffers messages from and to bytes: sealed, packed, and bounded before they are read.</summary>
internal static class WireMessage
{
    /// <summary>Brotli's quality: 5 is where batches stop shrinking noticeably while the cost in time still is a fraction of the sync to disk.</summary>
    private const int BrotliQuality = 5;

    private const int BrotliWindowBits = 18;

    /// <summary>Writes the message and its checksum. Throws <see cref="ArgumentException"/> when the result would be longer than the wire allows.</summary>
    public static byte[] Seal(IMessage message)
    {
        int bytes = message.CalculateSize();
        if (bytes + MessageSeal.Length > UplinkLimits.MaxEncodedBytes)
        {
            throw new ArgumentException($"the message takes {bytes} bytes, more than {UplinkLimits.MaxEncodedBytes}", nameof(message));
        }

        byte[] payload = new byte[bytes + MessageSeal.Length];
        message.WriteTo(payload.AsSpan(0, bytes));
        MessageSeal.Write(payload);
        return payload;
    }

    /// <summary>Reads a sealed message.</summary>
    public static bool TryOpen<T>(MessageParser<T> parser, ReadOnlySpan<byte> payload, int maxFields, [NotNullWhen(true)] out T? message, out string why)
        where T : class, IMessage<T>
    {
        message = null;
        return MessageSeal.Holds(payload, out why) && TryRead(parser, payload, maxFields, out message, out why);
    }

    public static Packed Pack(IMessage content)
    {
        byte[] plain = content.ToByteArray();
        if (plain.Length > UplinkLimits.MaxUnpackedBytes)
        {
            throw new ArgumentException($"the content takes {plain.Length} bytes, more than {UplinkLimits.MaxUnpackedBytes}", nameof(content));
        }

        // Compressed content that would not be smaller does not fit into the destination, so a failure means: send it plain.
        byte[] compressed = new byte[plain.Length];
        bool smaller = BrotliEncoder.TryCompress(plain, compressed, out int written, BrotliQuality, BrotliWindowBits) && written < plain.Length;
        return new Packed
        {
            Compression = smaller ? Compression.Brotli : Compression.None,
            UnpackedBytes = (uint)plain.Length,
            Content = UnsafeByteOperations.UnsafeWrap(smaller ? compressed.AsMemory(0, written) : plain),
        };
    }

    public static bool TryUnpack<T>(MessageParser<T> parser, Packed? packed, int maxFields, [NotNullWhen(true)] out T? message, out string why)
        where T : class, IMessage<T>
    {
        message = null;
        if (packed is null)
        {
            why = "has no content";
            return false;
        }

        if (packed.UnpackedBytes > UplinkLimits.MaxUnpackedBytes)
        {
            why = $"unpacks to more than {UplinkLimits.MaxUnpackedBytes} bytes";
            return false;
        }

        switch (packed.Compression)
        {
            case Compression.None when packed.Content.Length == packed.UnpackedBytes:
                return TryRead(parser, packed.Content.Span, maxFields, out message, out why);
            case Compression.None:
                why = $"holds {packed.Content.Length} bytes where it says {packed.UnpackedBytes}";
                return false;
            case Compression.Brotli:
                byte[] plain = new byte[packed.UnpackedBytes];
                if (!BrotliDecoder.TryDecompress(packed.Content.Span, plain, out int written) || written != plain.Length)
                {
                    why = $"does not decompress to the {plain.Length} bytes that it says";
                    return false;
                }

                return TryRead(parser, plain, maxFields, out message, out why);
            default:
                why = $"unknown compression {(int)packed.Compression}";
                return false;
        }
    }

    /// <summary>Reads a message that something else has sealed.</summary>
    public static bool TryRead<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes, int maxFields, [NotNullWhen(true)] out T? message, out string why)
        where T : class, IMessage<T>
    {
        message = null;
        if (CountFields(bytes, maxFields) > maxFields)
        {
            why = $"holds more than {maxFields} fields";
            return false;
        }

        try
        {
            message = parser.ParseFrom(bytes);
            why = "";
            return true;
        }
        catch (Exception broken) when (broken is InvalidProtocolBufferException or IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            // Google.Protobuf adds the length of an inner message or field to its position without looking for an overflow, and then trips over its own buffer.
            why = $"is not a Protocol Buffers message: {broken.Message}";
            return false;
        }
    }

    /// <summary>
    /// Counts the fields at the top of a message without building anything, and stops beyond <paramref name="maxFields"/>: two bytes on the wire can become an
    /// object of a hundred. What is broken here is left for the parser to name.
    /// </summary>
    private static int CountFields(ReadOnlySpan<byte> bytes, int maxFields)
    {
        int fields = 0;
        while (!bytes.IsEmpty && fields <= maxFields)
        {
            fields++;
            if (!TryReadField(ref bytes, out ulong tag, out _))
            {
                // Groups (3 and 4) are not part of the contract; as unknown fields their depth is bounded by the parser itself.
                return (tag & 7) is 3 or 4 ? maxFields + 1 : fields;
            }
        }

        return fields;
    }

    /// <summary>Takes the next field off a message. False at its end, and where it is broken or a group.</summary>
    /// <param name="bytes">The rest of the message.</param>
    /// <param name="tag">Field number × 8 + wire type; 0 where there is none.</param>
    /// <param name="content">Of a field with a length; else empty.</param>
    public static bool TryReadField(ref ReadOnlySpan<byte> bytes, out ulong tag, out ReadOnlySpan<byte> content)
    {
        content = [];
        if (!TryReadVarint(ref bytes, out tag))
        {
            tag = 0;
            return false;
        }

        ulong skip = 0;
        bool read = (tag & 7) switch
        {
            0 => TryReadVarint(ref bytes, out _),
            1 => Fixed(8, out skip),
            2 => TryReadVarint(ref bytes, out skip),
            5 => Fixed(4, out skip),
            _ => false,
        };
        if (!read || skip > (ulong)bytes.Length)
        {
            return false;
        }

        content = (tag & 7) == 2 ? bytes[..(int)skip] : [];
        bytes = bytes[(int)skip..];
        return true;

        static bool Fixed(ulong bytes, out ulong skip)
        {
            skip = bytes;
            return true;
        }
    }

    private static bool TryReadVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (int index = 0; index < bytes.Length && index < 10; index++)
        {
            value |= (ulong)(bytes[index] & 0x7F) << (7 * index);
            if (bytes[index] < 0x80)
            {
                bytes = bytes[(index + 1)..];
                return true;
            }
        }

        return false;
    }
}
