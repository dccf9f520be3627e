namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>A stretch of real time; milliseconds since the Unix epoch, UTC.</summary>
/// <param name="FromMs">Inclusive.</param>
/// <param name="ToMs">Exclusive; <see cref="long.MaxValue"/> while it lasts.</param>
public readonly record struct Span(long FromMs, long ToMs)
{
    /// <summary>Whether <paramref name="ms"/> lies in it, once it is widened at both ends.</summary>
    public bool Holds(long ms, long before = 0, long after = 0) => ms >= FromMs - before && (ToMs == long.MaxValue || ms < ToMs + after);

    public bool Meets(long fromMs, long toMs) => fromMs < ToMs && FromMs < toMs;
}
