using System.Runtime.CompilerServices;

namespace IotProperty.Protocols.Uplink;

/// <summary>The contract's byte enumerations from and to their numbers on the wire.</summary>
internal static class WireEnum
{
    /// <summary>Throws for a value that the enumeration does not name: it must not reach the wire.</summary>
    public static uint Number<T>(T value)
        where T : struct, Enum =>
        Enum.IsDefined(value) ? Unsafe.BitCast<T, byte>(value) : throw new ArgumentOutOfRangeException(nameof(value), value, "not a value of the contract");

    /// <summary>For what may be passed over: <paramref name="other"/> stands for a number that this version does not know.</summary>
    public static T ReadOr<T>(uint number, T other)
        where T : struct, Enum => TryRead(number, out T value) ? value : other;

    public static bool TryRead<T>(uint number, out T value)
        where T : struct, Enum
    {
        value = Unsafe.BitCast<byte, T>(unchecked((byte)number));
        return number <= byte.MaxValue && Enum.IsDefined(value);
    }
}
