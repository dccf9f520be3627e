using IotProperty.Protocols.Tests.Dlt645;

namespace IotProperty.Protocols.Tests.Fuzzing;

internal sealed class FuzzedDlt645 : IFuzzedCodec
{
    private const int FramesInPool = 512;
    private const int HeaderBytes = 10;
    private const int MaxDataBytes = 200;

    private static readonly byte[] Controls = [0x11, 0x12, 0x13, 0x14, 0x08, 0x16, 0x1C, 0x91, 0xB1, 0x92, 0xB2, 0x93, 0xD1, 0x94, 0x01, 0x81, 0xA1, 0x82, 0xC1];

    public string Name => "dlt645";

    // A master gathers up to 8 KiB of follow-up frames in a buffer of its own; reasons are texts.
    public long MayAllocate(int inputBytes) => 16_384 + (64L * inputBytes);

    public IReadOnlyList<byte[]> Frames(ulong seed)
    {
        FuzzRandom random = new(seed);
        byte[][] frames = new byte[FramesInPool][];
        for (int i = 0; i < frames.Length; i++)
        {
            byte[] frame = new byte[HeaderBytes + random.Below(32) + 2];
            frame[0] = 0x68;
            for (int b = 1; b < frame.Length; b++)
            {
                frame[b] = b is > HeaderBytes - 3 ? (byte)(0x33 + random.Below(12)) : (byte)((random.Below(10) << 4) | random.Below(10));
            }

            frame[8] = Controls[random.Below(Controls.Length)];
            frame[9] = (byte)(frame.Length - HeaderBytes - 2);
            Seal(frame);
            frames[i] = frame;
        }

        return frames;
    }

    public void Seal(Span<byte> input)
    {
        int start = input.IndexOf((byte)0x68);
        if (start < 0 || input.Length - start < HeaderBytes + 2)
        {
            return;
        }

        Span<byte> frame = input[start..];
        frame[7] = 0x68;
        int dataBytes = Math.Min(Math.Min((int)frame[9], MaxDataBytes), frame.Length - HeaderBytes - 2);
        frame[9] = (byte)dataBytes;
        int sum = 0;
        foreach (byte b in frame[..(HeaderBytes + dataBytes)])
        {
            sum += b;
        }

        frame[HeaderBytes + dataBytes] = (byte)(sum & 0xFF);
        frame[HeaderBytes + dataBytes + 1] = 0x16;
    }

    public void Exercise(ReadOnlySpan<byte> input) => Dlt645Exercise.Exercise(input);
}
