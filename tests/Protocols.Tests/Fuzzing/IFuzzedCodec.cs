namespace IotProperty.Protocols.Tests.Fuzzing;

/// <summary>A codec under fuzzing: where its inputs come from, how they are put through it, and what it may cost.</summary>
internal interface IFuzzedCodec
{
    /// <summary>As named on the command line.</summary>
    string Name { get; }

    /// <summary>
    /// No input may make the codec allocate more than this, whatever it says about its own lengths. Bytes for an input of <paramref name="inputBytes"/>.
    /// </summary>
    long MayAllocate(int inputBytes);

    /// <summary>Frames made by our own encoders with random content: the same for the same seed.</summary>
    IReadOnlyList<byte[]> Frames(ulong seed);

    /// <summary>Puts lengths and checksums right where a frame seems to stand, so that a mutation reaches what lies behind them.</summary>
    void Seal(Span<byte> input);

    /// <summary>Puts the input through everything that reads bytes from outside; throws where a promise is broken.</summary>
    void Exercise(ReadOnlySpan<byte> input);
}
