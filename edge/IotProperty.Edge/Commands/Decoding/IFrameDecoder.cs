using System.Text.Json;

namespace IotProperty.Edge.Commands.Decoding;

/// <summary>Why bytes are no frame of a protocol.</summary>
/// <param name="Error">For people: what is wrong.</param>
/// <param name="Offset">The byte at which it is wrong, from 0.</param>
internal readonly record struct DecodeMistake(string Error, int Offset);

/// <summary>Explains one frame of one protocol, field by field.</summary>
internal interface IFrameDecoder
{
    /// <summary>The protocol's name on the command line.</summary>
    string Protocol { get; }

    /// <summary>
    /// Writes the fields of the one frame that <paramref name="frame"/> holds as properties of an object that is already open, or says why there is none;
    /// then what was written is thrown away.
    /// </summary>
    DecodeMistake? Decode(ReadOnlySpan<byte> frame, Utf8JsonWriter fields);

    /// <summary>As above, for protocols whose frames do not always tell who sent them.</summary>
    /// <param name="direction">Who did; null to let the bytes tell.</param>
    DecodeMistake? Decode(ReadOnlySpan<byte> frame, FrameDirection? direction, Utf8JsonWriter fields) => Decode(frame, fields);
}
