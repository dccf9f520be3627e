using System.Collections.Immutable;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Access;

/// <summary>What a step of a door asks its shell to do, in this order: store events and state in one transaction, then unlock.</summary>
public sealed record AccessEffects
{
    public static AccessEffects None { get; } = new();

    public ImmutableArray<AccessEvent> Events { get; init; } = [];

    /// <summary>Replaces what is stored for the door; null when nothing changed.</summary>
    public DoorState? State { get; init; }

    /// <summary>Whether to pulse the door's unlock coil, once, because of the grants among <see cref="Events"/>.</summary>
    public bool Unlock { get; init; }

    /// <summary>How many swipes were not given an event of their own because there were too many; for the log.</summary>
    public int Unrecorded { get; init; }

    public bool IsEmpty => Events.IsEmpty && State is null && !Unlock;
}
