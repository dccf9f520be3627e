namespace IotProperty.Edge.Access;

/// <summary>One presented credential as the door's controller keeps it.</summary>
/// <param name="Sequence">The controller's count at this swipe; wraps from 65535 to 0. 0 with card 0: the slot was never used.</param>
/// <param name="Card">The card's number. Never logged.</param>
public readonly record struct SwipeEntry(ushort Sequence, ulong Card)
{
    /// <summary>Without the card's number, which no log may hold.</summary>
    public override string ToString() => $"swipe {Sequence}";
}
