namespace IotProperty.Simulators.Buses;

/// <summary>How fast a line carries characters.</summary>
/// <param name="Baud">Bits a second; 0 means that the wire takes no time at all, as a TCP connection to a device without a serial side does.</param>
/// <param name="BitsPerCharacter">Start, data, parity and stop bits together: 11 for 8E1 and 8N2, 10 for 8N1.</param>
public readonly record struct WireSpeed(int Baud, int BitsPerCharacter)
{
    /// <summary>No pacing.</summary>
    public static WireSpeed Unpaced { get; } = new(0, 0);

    public bool IsPaced => Baud > 0;

    /// <summary>How long this many characters take one after the other. Rounded once, so that long frames do not drift.</summary>
    public TimeSpan Of(int characters) =>
        IsPaced ? TimeSpan.FromTicks((long)characters * BitsPerCharacter * TimeSpan.TicksPerSecond / Baud) : TimeSpan.Zero;
}
