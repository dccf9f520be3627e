using System.Buffers.Binary;
using System.Globalization;

namespace IotProperty.Protocols.Dlt645;

/// <summary>A data identifier: DI3 DI2 DI1 DI0 in DL/T 645-2007, DI1 DI0 in DL/T 645-1997; printed from the top, on the wire lowest first.</summary>
public readonly record struct Dlt645Identifier(Dlt645Edition Edition, uint Value)
{
    /// <summary>In bytes.</summary>
    public int Length => LengthOf(Edition);

    public byte Di3 => (byte)(Value >> 24);

    public byte Di2 => (byte)((Value >> 16) & 0xFF);

    public byte Di1 => (byte)((Value >> 8) & 0xFF);

    public byte Di0 => (byte)(Value & 0xFF);

    public static int LengthOf(Dlt645Edition edition) => edition == Dlt645Edition.Y2007 ? 4 : 2;

    /// <summary>Eight hexadecimal digits of the newer edition or four of the older one.</summary>
    public static bool TryParse(string text, out Dlt645Identifier identifier)
    {
        ArgumentNullException.ThrowIfNull(text);
        identifier = default;
        if (text.Length is not (4 or 8) || !uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value))
        {
            return false;
        }

        identifier = new(text.Length == 8 ? Dlt645Edition.Y2007 : Dlt645Edition.Y1997, value);
        return true;
    }

    /// <summary>False where there are too few bytes.</summary>
    public static bool TryRead(Dlt645Edition edition, ReadOnlySpan<byte> wire, out Dlt645Identifier identifier)
    {
        identifier = default;
        if (wire.Length < LengthOf(edition))
        {
            return false;
        }

        identifier = new(edition, edition == Dlt645Edition.Y2007 ? BinaryPrimitives.ReadUInt32LittleEndian(wire) : BinaryPrimitives.ReadUInt16LittleEndian(wire));
        return true;
    }

    /// <summary>Writes the identifier and returns its length in bytes.</summary>
    public int Write(Span<byte> wire)
    {
        if (Edition == Dlt645Edition.Y2007)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(wire, Value);
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(wire, (ushort)Value);
        }

        return Length;
    }

    public override string ToString() => Value.ToString(Edition == Dlt645Edition.Y2007 ? "X8" : "X4", CultureInfo.InvariantCulture);
}
