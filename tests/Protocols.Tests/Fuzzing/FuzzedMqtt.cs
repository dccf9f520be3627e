using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Tests.Mqtt;

namespace IotProperty.Protocols.Tests.Fuzzing;

internal sealed class FuzzedMqtt : IFuzzedCodec
{
    private const int FramesInPool = 512;

    public string Name => "mqtt";

    // Packets are objects with texts; each input starts two sessions.
    public long MayAllocate(int inputBytes) => 65_536 + (256L * inputBytes);

    public IReadOnlyList<byte[]> Frames(ulong seed) => [.. MqttPackets.Any.Sample(20, new Rnd(seed), FramesInPool).Select(MqttBytes.Write)];

    /// <summary>A packet's only frame is its length.</summary>
    public void Seal(Span<byte> input)
    {
        if (input.Length >= 2 && input.Length - 2 <= 0x7F)
        {
            input[1] = (byte)(input.Length - 2);
        }
        else if (input.Length >= 3)
        {
            int remaining = input.Length - 3;
            input[1] = (byte)((remaining & 0x7F) | 0x80);
            input[2] = (byte)((remaining >> 7) & 0x7F);
        }
    }

    public void Exercise(ReadOnlySpan<byte> input) => MqttExercise.Exercise(input);
}
