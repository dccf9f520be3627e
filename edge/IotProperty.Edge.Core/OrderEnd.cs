using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge;

/// <summary>How an order to a device ended: to unlock a door, to move a relay or valve.</summary>
/// <param name="Sent">Whether the device was told, or may have been.</param>
/// <param name="Reason">Why it was not done; none when the device confirmed or was read back as ordered.</param>
/// <param name="Detail">What happened, in English, for people.</param>
public readonly record struct OrderEnd(bool Sent, CommandReason Reason, string Detail)
{
    public bool IsDone => Sent && Reason == CommandReason.None;

    public CommandOutcome Outcome => IsDone ? CommandOutcome.Done
        : Sent ? CommandOutcome.Failed
        : Reason is CommandReason.Late or CommandReason.NoTimeLeft ? CommandOutcome.Expired
        : CommandOutcome.Refused;

    public static OrderEnd Done(string detail) => new(true, CommandReason.None, detail);

    /// <summary>The device was told, or may have been, and was not seen as ordered.</summary>
    public static OrderEnd Failed(CommandReason reason, string detail) => new(true, Some(reason), detail);

    public static OrderEnd NotSent(CommandReason reason, string detail) => new(false, Some(reason), detail);

    private static CommandReason Some(CommandReason reason) =>
        reason != CommandReason.None ? reason : throw new ArgumentOutOfRangeException(nameof(reason), reason, "what was not done has a reason");
}
