using System.Diagnostics;

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

    /// <summary>The hub ordered to unlock it.</summary>
    Order,
}

/// <summary>A command of the hub to unlock a door, and whoever waits for its end.</summary>
/// <param name="Command">The command's id.</param>
/// <param name="DeadlineMs">From then on it must not be begun, on <see cref="Moment.MonotonicMs"/>.</param>
internal sealed record DoorOrder(string Command, long DeadlineMs)
{
    private readonly TaskCompletionSource<OrderEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<OrderEnd> Ended => _ended.Task;

    public void End(OrderEnd end) => _ended.TrySetResult(end);
}

/// <summary>What a line task, or a command, tells a door's task.</summary>
internal readonly record struct DoorMessage(DoorMessageKind Kind, ushort Sequence, SwipeEntry[] Entries, bool Open, Moment At, DoorOrder? Order = null)
{
    /// <summary>The journey of the read that brought it.</summary>
    public ActivityContext Trace { get; init; }

    public static DoorMessage Contact(ushort sequence, Moment at) => new(DoorMessageKind.Contact, sequence, [], false, at);

    public static DoorMessage Swipes(ushort sequence, SwipeEntry[] entries, Moment at) => new(DoorMessageKind.Swipes, sequence, entries, false, at);

    public static DoorMessage Ordered(DoorOrder order, Moment at) => new(DoorMessageKind.Order, 0, [], false, at, order);

    public static DoorMessage DoorOpen(bool open, Moment at) => new(DoorMessageKind.Open, 0, [], open, at);
}
