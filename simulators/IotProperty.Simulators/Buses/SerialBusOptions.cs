namespace IotProperty.Simulators.Buses;

/// <param name="Line">The line's id; names its stream of chance.</param>
/// <param name="Speed">How fast the wire carries characters.</param>
public sealed record SerialBusOptions(string Line, WireSpeed Speed)
{
    /// <summary>Which byte a fault hits follows from it, from the device's id and from the order of the requests.</summary>
    public long Seed { get; init; }

    /// <summary>
    /// After so much silence a frame that is not whole is given up. Longer than the 3.5 characters of the specifications, because a busy machine may hold a master
    /// up in the middle of a frame where a real wire never would.
    /// </summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMilliseconds(20);
}
