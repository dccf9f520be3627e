namespace IotProperty.Benchmarks.Harness;

/// <summary>One line of the report.</summary>
/// <param name="Name">What was measured; unique in the report.</param>
/// <param name="Figure">The subject's figure in <paramref name="Unit"/>.</param>
/// <param name="Unit">For people, such as <c>requests/s</c> or <c>B/sample</c>.</param>
public sealed record Measurement(string Name, double Figure, string Unit)
{
    /// <summary>The baseline's figure in the same unit, where there is a baseline.</summary>
    public double? Baseline { get; init; }

    /// <summary>Subject to baseline; the median of the rounds' ratios, which is steadier than the ratio of two medians.</summary>
    public double? Ratio { get; init; }

    /// <summary>The least <see cref="Ratio"/> that is good enough.</summary>
    public double? RatioFloor { get; init; }

    /// <summary>The least <see cref="Figure"/> that is good enough.</summary>
    public double? Floor { get; init; }

    /// <summary>The greatest <see cref="Figure"/> that is good enough, for costs such as bytes and nanoseconds.</summary>
    public double? Ceiling { get; init; }

    /// <summary>Whether every stated bound holds; a figure that is not a number holds none.</summary>
    public bool Ok =>
        (RatioFloor is null || Ratio >= RatioFloor)
        && (Floor is null || Figure >= Floor)
        && (Ceiling is null || Figure <= Ceiling);

    /// <summary>A rate of a subject against the same rate of its baseline.</summary>
    public static Measurement Of(string name, string unit, Comparison comparison, double ratioFloor)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        return new Measurement(name, comparison.SubjectPerSecond, unit)
        {
            Baseline = comparison.BaselinePerSecond,
            Ratio = comparison.Ratio,
            RatioFloor = ratioFloor,
        };
    }
}
