namespace IotProperty.Edge.Access;

internal enum DoorMessageKind : byte
{
    /// <summary>A delay may have ended.</summary>
    Tick,

    /// <summary>The controller answered a poll; <see cref="DoorMessage.Sequence"/> is its swipe counter.</summary>
    Contact,

    /// <summary>The ring was read.</summary>
    Swipes,

    /// <summary>The door's contact was read.</summary>
    Open,
}

/// <summary>What a line task tells a door's task.</summary>
internal readonly record struct DoorMessage(DoorMessageKind Kind, ushort Sequence, SwipeEntry[] Entries, bool Open, Moment At)
{
    public static DoorMessage Contact(ushort sequence, Moment at) => new(DoorMessageKind.Contact, sequence, [], false, at);

    public static DoorMessage Swipes(ushort sequence, SwipeEntry[] entries, Moment at) => new(DoorMessageKind.Swipes, sequence, entries, false, at);

    public static DoorMessage DoorOpen(bool open, Moment at) => new(DoorMessageKind.Open, 0, [], open, at);
}
