using IotProperty.Protocols.MBus;
using IotProperty.Protocols.Tests.MBus;

namespace IotProperty.Protocols.Tests.Fuzzing;

internal sealed class FuzzedMBus : IFuzzedCodec
{
    private const int FramesInPool = 512;
    private const int HeaderBytes = 6;
    private const byte LongStart = 0x68;

    // Each is one VIB: plain, extended by table FD or FB, with modifiers, plain text, dates, maker's own.
    private static readonly byte[][] Vibs =
    [
        [0x06], [0x13], [0x14], [0x2B], [0x3B], [0x5A], [0x5E], [0x62], [0x6C], [0x6D], [0x78], [0x7F, 0x01], [0xFD, 0x17], [0xFD, 0x48], [0xFD, 0x0B], [0xFB, 0x00],
        [0xFB, 0x74], [0x86, 0x3B], [0x93, 0x3C], [0xFC, 0x03, 0x48, 0x52, 0x25, 0x74], [0xFC, 0x74, 0x03, 0x48, 0x52, 0x25], [0x83, 0xFF, 0x02], [0xFF, 0x20],
    ];

    private static readonly byte[] Informations = [0x72, 0x72, 0x72, 0x72, 0x73, 0x70, 0x78, 0x7A, 0x51, 0x52, 0x76, 0xB8];

    private static readonly byte[] Controls = [0x08, 0x08, 0x08, 0x18, 0x28, 0x38, 0x53, 0x73, 0x40, 0x5B, 0x7B];

    private static readonly int[] Lengths = [1, 2, 3, 4, 6, 8];

    public string Name => "mbus";

    // Records are objects with texts, up to 252 bytes of telegram make at most 126 of them; a master keeps a readout of several telegrams.
    public long MayAllocate(int inputBytes) => 65_536 + (512L * inputBytes);

    public IReadOnlyList<byte[]> Frames(ulong seed)
    {
        FuzzRandom random = new(seed);
        byte[][] frames = new byte[FramesInPool][];
        byte[] frame = new byte[MBusLimits.MaxFrameBytes];
        for (int i = 0; i < frames.Length; i++)
        {
            byte control = Controls[random.Below(Controls.Length)];
            byte address = (byte)random.Below(256);
            int length = random.Below(10) switch
            {
                0 => MBusFrameWriter.Acknowledge(frame),
                1 => MBusFrameWriter.Short(frame, control, address),
                _ => Telegram(ref random, frame, control, address),
            };
            frames[i] = frame[..length];
        }

        return frames;
    }

    public void Seal(Span<byte> input)
    {
        int start = input.IndexOf(LongStart);
        if (start < 0 || input.Length - start < HeaderBytes + 3)
        {
            return;
        }

        Span<byte> frame = input[start..];
        int said = frame[1];
        int counted = Math.Clamp(said, 3, Math.Min(255, frame.Length - HeaderBytes));
        frame[1] = frame[2] = (byte)counted;
        frame[3] = LongStart;
        int sum = 0;
        foreach (byte b in frame.Slice(4, counted))
        {
            sum += b;
        }

        frame[4 + counted] = (byte)(sum & 0xFF);
        frame[5 + counted] = 0x16;
    }

    public void Exercise(ReadOnlySpan<byte> input) => MBusExercise.Exercise(input);

    private static int Telegram(ref FuzzRandom random, byte[] frame, byte control, byte address)
    {
        MBusTelegramWriter writer = new(frame.AsSpan(7, MBusLimits.MaxDataBytes));
        writer.LongHeader(new MBusSecondaryAddress((uint)random.Below(99_999_999), (ushort)random.Below(65_536), random.Byte(), random.Byte()), random.Byte(), random.Byte());
        int records = random.Below(8);
        for (int i = 0; i < records; i++)
        {
            MBusRecordKey key = new((MBusFunction)random.Below(4), random.Below(40), random.Below(5), random.Below(3));
            byte[] vib = Vibs[random.Below(Vibs.Length)];
            switch (random.Below(6))
            {
                case 0:
                    writer.Bcd(key, vib, 8, random.Below(99_999_999));
                    break;
                case 1:
                    writer.Real(key, vib, random.Below(1_000_000) / 7f);
                    break;
                case 2:
                    writer.Text(key, vib, "METER 0123".AsSpan(random.Below(10)));
                    break;
                case 3:
                    writer.Filler(random.Below(4));
                    break;
                default:
                    int bytes = Lengths[random.Below(Lengths.Length)];
                    writer.Integer(key, vib, bytes, random.Below(120));
                    break;
            }
        }

        if (random.OneIn(4))
        {
            byte[] own = [random.Byte(), random.Byte(), random.Byte()];
            writer.ManufacturerData(own, moreFollows: random.OneIn(2));
        }

        return MBusFrameWriter.Seal(frame, control, address, Informations[random.Below(Informations.Length)], writer.Length);
    }
}
