namespace IotProperty.Protocols.Tests.Fuzzing;

/// <summary>SplitMix64: the whole state is one number, so every input has its own stream and can be made again alone.</summary>
internal struct FuzzRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The stream of one input of one run.</summary>
    public static FuzzRandom Of(ulong seed, string codec, long index)
    {
        ulong mixed = seed;
        foreach (char letter in codec)
        {
            mixed = unchecked((mixed * 0x100000001B3UL) ^ letter);
        }

        return new FuzzRandom(unchecked(mixed + ((ulong)index * 0xD1342543DE82EF95UL)));
    }

    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15UL;
            ulong z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }

    /// <summary>From 0 to one less than <paramref name="limit"/>.</summary>
    public int Below(int limit) => (int)(Next() % (ulong)limit);

    public byte Byte() => (byte)(Next() >> 56);

    public bool OneIn(int n) => Below(n) == 0;
}
