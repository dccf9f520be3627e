using System.Text;
using IotProperty.Protocols.Tests.InfluxLine;

namespace IotProperty.Protocols.Tests.Fuzzing;

/// <summary>Answers of time-series servers.</summary>
internal sealed class FuzzedAnswers : IFuzzedCodec
{
    public string Name => "answers";

    // Every reader may make an object, and an exception, of every few bytes.
    public long MayAllocate(int inputBytes) => 65_536 + (512L * inputBytes);

    public IReadOnlyList<byte[]> Frames(ulong seed) => [.. AnswerSamples.All.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Text has no checksum.</summary>
    public void Seal(Span<byte> input)
    {
    }

    public void Exercise(ReadOnlySpan<byte> input) => AnswerExercise.Exercise(input);
}
