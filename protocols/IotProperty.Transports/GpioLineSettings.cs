namespace IotProperty.Transports;

/// <summary>The resistor that holds an open input at a level.</summary>
public enum GpioBias : byte
{
    /// <summary>As the board's firmware left it.</summary>
    AsIs,
    PullUp,
    PullDown,
    Disabled,
}

/// <summary>Which changes of an input are counted.</summary>
public enum GpioEdges : byte
{
    None,

    /// <summary>From inactive to active.</summary>
    Rising,

    /// <summary>From active to inactive.</summary>
    Falling,
    Both,
}

/// <summary>How an input of a GPIO chip is used.</summary>
public sealed record GpioLineSettings
{
    /// <summary>The kernel keeps it in 32 bits of microseconds; nothing in a building bounces for longer than this.</summary>
    public const int LongestDebounceMs = 1000;

    public GpioBias Bias { get; init; }

    /// <summary>Whether a low level means active, as with a contact that pulls the input to ground.</summary>
    public bool ActiveLow { get; init; }

    /// <summary>A change that does not last for so long is none. Milliseconds, 0 to 1,000.</summary>
    public int DebounceMs { get; init; }

    public GpioEdges Edges { get; init; }
}
