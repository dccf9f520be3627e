namespace IotProperty.Protocols.Cjt188;

/// <summary>What a meter on a CJ/T 188 line is and shows. The responder calls one method a request, never two at a time.</summary>
public interface ICjt188MeterImage
{
    byte MeterType { get; }

    Cjt188AddressField Address { get; }

    /// <summary>Goes into answers to writes and into error reports.</summary>
    Cjt188Status Status { get; }

    /// <summary>Writes the payload of an identifier, by one of <see cref="Cjt188Layout"/>'s tables.</summary>
    /// <param name="payload">Room for <see cref="Cjt188Body.MaxPayloadBytes"/>.</param>
    /// <returns>Its length in bytes, or -1 when the meter does not know the identifier.</returns>
    int Read(ushort identifier, Span<byte> payload);

    /// <summary>Takes what is written: data, valve (A017), counter (A016) or address (A018).</summary>
    /// <returns>False when the meter refuses.</returns>
    bool Write(ushort identifier, ReadOnlySpan<byte> payload);
}
