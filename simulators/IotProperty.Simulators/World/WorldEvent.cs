namespace IotProperty.Simulators.World;

public enum WorldEventKind
{
    /// <summary>A card or tag was presented at a reader.</summary>
    Swipe,

    /// <summary>A master wrote the unlock coil and the controller released its lock.</summary>
    Unlock,

    /// <summary>The door leaf opened, the barrier rose.</summary>
    Opened,

    /// <summary>The door leaf closed, the barrier came down.</summary>
    Closed,

    /// <summary>Somebody commanded a fault.</summary>
    FaultSet,

    /// <summary>Somebody took a fault away.</summary>
    FaultCleared,
}

/// <summary>Something that happened in the building which no register shows for ever, so that a test can know the truth afterwards.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Device">Where.</param>
/// <param name="Detail">The card's number, or the fault's name; empty otherwise. The world's cards belong to nobody.</param>
/// <param name="Sequence">The reader's sequence number of a swipe; 0 otherwise.</param>
public readonly record struct WorldEvent(WorldEventKind Kind, string Device, string Detail, int Sequence);
