using System.Buffers.Binary;

namespace IotProperty.Edge.Access;

/// <summary>What a door's access must not forget over a restart, stored together with the events that follow from it.</summary>
/// <param name="TakenSequence">The last swipe of the controller's counter that is recorded.</param>
public readonly record struct DoorState(ushort TakenSequence)
{
    private const byte Version = 1;

    /// <summary>Three bytes: version 1, then the sequence, most significant byte first.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = [Version, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(1), TakenSequence);
        return bytes;
    }

    public static bool TryRead(ReadOnlySpan<byte> bytes, out DoorState state)
    {
        state = default;
        if (bytes.Length != 3 || bytes[0] != Version)
        {
            return false;
        }

        state = new(BinaryPrimitives.ReadUInt16BigEndian(bytes[1..]));
        return true;
    }
}
