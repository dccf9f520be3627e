namespace IotProperty.Transports;

/// <summary>A digital input that is held by this process; given back when disposed. May be asked from any thread.</summary>
public interface IDigitalInput : IDisposable
{
    /// <summary>How many edges there were since the input was taken.</summary>
    long Edges { get; }

    /// <summary>How many of them the kernel had no room for; they are in <see cref="Edges"/>.</summary>
    long LostEvents { get; }

    /// <summary>Why no more edges come, for people; null while all is well.</summary>
    string? Broken { get; }

    /// <summary>Whether the input is active now, after debouncing and inversion.</summary>
    /// <exception cref="ChannelBrokenException">The chip has gone.</exception>
    bool IsActive();
}
