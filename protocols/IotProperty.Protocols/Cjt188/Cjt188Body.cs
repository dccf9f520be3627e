namespace IotProperty.Protocols.Cjt188;

/// <summary>
/// The data field of every frame that is no error report: identifier, serial number, payload (CJ/T 188-2004, §6.3.5). The meter repeats the serial number of
/// the request, which tells a late answer from the awaited one.
/// </summary>
public readonly ref struct Cjt188Body
{
    public const int HeaderBytes = Cjt188Identifier.Bytes + 1;

    public const int MaxPayloadBytes = Cjt188Frame.MaxDataBytes - HeaderBytes;

    public ushort Identifier { get; private init; }

    public Cjt188IdentifierOrder Order { get; private init; }

    public byte Serial { get; private init; }

    public ReadOnlySpan<byte> Payload { get; private init; }

    /// <param name="asked">The identifier that was asked for, if anything was.</param>
    /// <returns>False when the data are too short to be one.</returns>
    public static bool TryRead(ReadOnlySpan<byte> data, ushort? asked, out Cjt188Body body)
    {
        body = default;
        if (data.Length < HeaderBytes)
        {
            return false;
        }

        body = new()
        {
            Identifier = Cjt188Identifier.Read(data, asked, out Cjt188IdentifierOrder order),
            Order = order,
            Serial = data[Cjt188Identifier.Bytes],
            Payload = data[HeaderBytes..],
        };
        return true;
    }

    /// <summary>Writes the data field and returns its length.</summary>
    public static int Write(Span<byte> data, ushort identifier, Cjt188IdentifierOrder order, byte serial, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, MaxPayloadBytes);
        Cjt188Identifier.Write(data, identifier, order);
        data[Cjt188Identifier.Bytes] = serial;
        payload.CopyTo(data[HeaderBytes..]);
        return HeaderBytes + payload.Length;
    }
}
