namespace IotProperty.Simulators.World;

/// <summary>
/// A stream of pseudo-random numbers that is the same on every machine and in every year (xoshiro256** seeded through SplitMix64, both by
/// Blackman and Vigna). Each part of the world owns one, forked from the world's seed by the part's name, so that what one part draws never
/// changes what another part sees.
/// </summary>
public sealed class SeededRandom
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    public SeededRandom(long seed, string part)
    {
        ArgumentNullException.ThrowIfNull(part);
        unchecked
        {
            // FNV-1a: string.GetHashCode differs from run to run.
            ulong state = 14695981039346656037UL ^ (ulong)seed;
            foreach (char letter in part)
            {
                state = (state ^ letter) * 1099511628211UL;
            }

            _s0 = SplitMix(ref state);
            _s1 = SplitMix(ref state);
            _s2 = SplitMix(ref state);
            _s3 = SplitMix(ref state);
        }
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    public double Between(double low, double high) => low + ((high - low) * NextDouble());

    /// <summary>Uniform in [0, count).</summary>
    public int Below(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return (int)(NextDouble() * count);
    }

    /// <summary>Whether an event of the given rate (per second) falls into an interval of <paramref name="seconds"/>, which is short against 1/rate.</summary>
    public bool Happens(double ratePerSecond, double seconds) => NextDouble() < ratePerSecond * seconds;

    private static ulong SplitMix(ref ulong state)
    {
        unchecked
        {
            ulong z = state += 0x9E3779B97F4A7C15UL;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }

    private ulong Next()
    {
        unchecked
        {
            ulong result = ulong.RotateLeft(_s1 * 5, 7) * 9;
            ulong t = _s1 << 17;
            _s2 ^= _s0;
            _s3 ^= _s1;
            _s1 ^= _s2;
            _s0 ^= _s3;
            _s2 ^= t;
            _s3 = ulong.RotateLeft(_s3, 45);
            return result;
        }
    }
}
