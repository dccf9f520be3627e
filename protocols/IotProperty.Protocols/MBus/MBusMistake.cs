namespace IotProperty.Protocols.MBus;

/// <summary>Why bytes can never become what was looked for.</summary>
/// <param name="Why">For people; empty when nothing is wrong.</param>
/// <param name="Offset">The byte at which it is wrong, from 0, counted from the start of what was handed in.</param>
public readonly record struct MBusMistake(string Why, int Offset)
{
    public static MBusMistake None { get; } = new("", 0);

    public bool IsNone => string.IsNullOrEmpty(Why);
}
