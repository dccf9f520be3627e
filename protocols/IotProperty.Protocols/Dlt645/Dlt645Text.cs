namespace IotProperty.Protocols.Dlt645;

/// <summary>Bytes in the two notations that people use for them.</summary>
public static class Dlt645Text
{
    /// <summary>Hexadecimal as a number is written, the last byte of the wire first: 4.999 A, on the wire 99 49 00, is 004999.</summary>
    public static string TopFirst(ReadOnlySpan<byte> wire) => string.Create(wire.Length * 2, wire, static (text, bytes) =>
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            byte b = bytes[bytes.Length - 1 - i];
            text[2 * i] = Digit(b >> 4);
            text[(2 * i) + 1] = Digit(b & 0x0F);
        }
    });

    /// <summary>Hexadecimal in the order of the wire.</summary>
    public static string WireOrder(ReadOnlySpan<byte> wire) => Convert.ToHexString(wire);

    private static char Digit(int nibble) => (char)(nibble < 10 ? '0' + nibble : 'A' + nibble - 10);
}
