namespace IotProperty.Transports;

/// <summary>What a 4–20 mA loop says, by NAMUR NE 43.</summary>
public enum LoopState : byte
{
    /// <summary>A measured value, the narrow bands around 4 to 20 mA included in which a sensor is at the end of its range.</summary>
    Measuring,

    /// <summary>Below 3.6 mA: no sensor lets so little through, unless it says that it has failed; usually the wire is broken or the supply is missing.</summary>
    WireBreak,

    /// <summary>Above 21 mA: a short circuit, or a sensor that says that it has failed.</summary>
    OverRange,
}

/// <summary>Limits of a 4–20 mA loop.</summary>
public static class CurrentLoop
{
    /// <summary>NE 43: a failure is signalled by 3.6 mA or less. What stands exactly at the limit still counts as measured.</summary>
    public const decimal LowestMilliamperes = 3.6m;

    /// <summary>NE 43: a failure is signalled by 21 mA or more. What stands exactly at the limit still counts as measured.</summary>
    public const decimal HighestMilliamperes = 21m;

    public static LoopState Judge(decimal milliamperes) =>
        milliamperes < LowestMilliamperes ? LoopState.WireBreak
        : milliamperes > HighestMilliamperes ? LoopState.OverRange
        : LoopState.Measuring;
}
