using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Tests.Cjt188;

namespace IotProperty.Protocols.Tests.Fuzzing;

internal sealed class FuzzedCjt188 : IFuzzedCodec
{
    private const int FramesInPool = 512;
    private const int LengthAt = 10;

    private static readonly ushort[] Identifiers =
        [0x901F, 0x907F, 0x8102, 0x8103, 0x8105, 0x8106, 0x810A, 0xA010, 0xA011, 0xA013, 0xA015, 0xA016, 0xA017, 0xA018, 0xD120, 0xD12B, 0xD201, 0xD305, 0x1234];

    private static readonly byte[] Types = [0x10, 0x11, 0x20, 0x25, 0x30, 0x40, 0xAA];

    private static readonly byte[] Controls = [0x01, 0x03, 0x04, 0x09, 0x15, 0x16, 0x81, 0x83, 0x84, 0x95, 0xC1, 0xC4, 0x82];

    private static readonly int[] PayloadLengths = [0, 1, 2, 5, 6, 7, 15, 16, 19, 23, 40, 43];

    public string Name => "cjt188";

    // Reasons are texts.
    public long MayAllocate(int inputBytes) => 2_048 + (64L * inputBytes);

    public IReadOnlyList<byte[]> Frames(ulong seed)
    {
        FuzzRandom random = new(seed);
        byte[][] frames = new byte[FramesInPool][];
        byte[] frame = new byte[Cjt188Frame.MaxBytes];
        for (int i = 0; i < frames.Length; i++)
        {
            byte[] payload = new byte[PayloadLengths[random.Below(PayloadLengths.Length)]];
            bool digits = !random.OneIn(4);
            for (int b = 0; b < payload.Length; b++)
            {
                payload[b] = digits ? (byte)((random.Below(10) << 4) | random.Below(10)) : random.Byte();
            }

            Cjt188IdentifierOrder order = random.OneIn(2) ? Cjt188IdentifierOrder.HighByteFirst : Cjt188IdentifierOrder.LowByteFirst;
            int dataBytes = Cjt188Body.Write(frame.AsSpan(Cjt188Frame.DataAt), Identifiers[random.Below(Identifiers.Length)], order, random.Byte(), payload);
            int length = Cjt188Frame.Seal(
                frame, Types[random.Below(Types.Length)], new Cjt188AddressField(random.Next() & 0x99_9999_9999_9999), Controls[random.Below(Controls.Length)], dataBytes);
            frames[i] = frame[..length];
        }

        return frames;
    }

    public void Seal(Span<byte> input)
    {
        int start = input.IndexOf((byte)0x68);
        if (start < 0 || input.Length - start < Cjt188Frame.MinBytes)
        {
            return;
        }

        Span<byte> frame = input[start..];
        int dataBytes = Math.Min(frame.Length - Cjt188Frame.MinBytes, Cjt188Frame.MaxDataBytes);
        Cjt188Frame.Seal(frame, frame[1], Cjt188AddressField.Read(frame[2..]), frame[9], Math.Min(frame[LengthAt], dataBytes));
    }

    public void Exercise(ReadOnlySpan<byte> input) => Cjt188Exercise.Exercise(input);
}
