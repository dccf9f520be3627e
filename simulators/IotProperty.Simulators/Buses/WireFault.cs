namespace IotProperty.Simulators.Buses;

/// <summary>What can be wrong with the wire at one device or on a whole line.</summary>
[Flags]
public enum WireFault
{
    None = 0,

    /// <summary>Nothing is heard and nothing is said.</summary>
    Dead = 1 << 0,

    /// <summary>The answer comes long after any time-out (<see cref="WireCondition.LateBy"/>).</summary>
    Late = 1 << 1,

    /// <summary>The answer breaks off.</summary>
    Truncated = 1 << 2,

    /// <summary>One byte of the answer arrives as another.</summary>
    Corrupted = 1 << 3,

    /// <summary>The answer pauses in its midst, as cheap converters do.</summary>
    Split = 1 << 4,

    /// <summary>The answer comes twice.</summary>
    Doubled = 1 << 5,

    /// <summary>The master hears what it sends, as on a two-wire adapter that leaves its receiver on. Of a line only.</summary>
    Echo = 1 << 6,

    /// <summary>A sound answer under another device's address.</summary>
    WrongUnit = 1 << 7,

    /// <summary>Stray bytes stand before and behind the answer.</summary>
    Noise = 1 << 8,

    /// <summary>The answer is sent at half the line's rate, so that the master's receiver reads something else.</summary>
    BaudMismatch = 1 << 9,
}
