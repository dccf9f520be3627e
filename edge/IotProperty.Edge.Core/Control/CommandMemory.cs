using System.Buffers.Binary;

namespace IotProperty.Edge.Control;

/// <summary>What the edge keeps of a command over a restart, so that it is never carried out twice.</summary>
/// <param name="IssuedMs">As the command says; milliseconds since the Unix epoch, UTC.</param>
/// <param name="ExpiresMs">Likewise.</param>
/// <param name="Ended">Whether its result is stored; false: it was begun.</param>
public readonly record struct CommandMemory(long IssuedMs, long ExpiresMs, bool Ended)
{
    private const byte Version = 1;
    private const int Bytes = 18;

    /// <summary>18 bytes: version 1, ended 0 or 1, issue and expiry, most significant byte first.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Bytes];
        bytes[0] = Version;
        bytes[1] = Ended ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(2), IssuedMs);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(10), ExpiresMs);
        return bytes;
    }

    public static bool TryRead(ReadOnlySpan<byte> bytes, out CommandMemory memory)
    {
        memory = default;
        if (bytes.Length != Bytes || bytes[0] != Version || bytes[1] > 1)
        {
            return false;
        }

        memory = new(BinaryPrimitives.ReadInt64BigEndian(bytes[2..]), BinaryPrimitives.ReadInt64BigEndian(bytes[10..]), bytes[1] == 1);
        return true;
    }
}
