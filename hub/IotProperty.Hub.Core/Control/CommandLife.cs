using System.Text.Json.Serialization;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Control;

/// <summary>Where a command stands.</summary>
public enum CommandState : byte
{
    /// <summary>The edge has not answered, and may yet.</summary>
    Waiting,

    /// <summary>The device was seen as ordered, or confirmed it.</summary>
    Done,

    /// <summary>The edge did not begin: it may not, or knows better.</summary>
    Refused,

    /// <summary>It was begun and the device was not seen as ordered; unless it refused, it may have obeyed all the same.</summary>
    Failed,

    /// <summary>It came to the edge too late, or the edge had no time for it, and nothing was begun.</summary>
    Expired,

    /// <summary>No answer came: nobody knows whether it was carried out. An answer that comes later still counts.</summary>
    Unanswered,
}

/// <summary>What the edge answered.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">Why it was not done; none: it was, or the edge gives a reason in words alone.</param>
/// <param name="Detail">The edge's words, in English.</param>
/// <param name="TimeMs">By the edge's clock; milliseconds since the Unix epoch, UTC.</param>
/// <param name="ClockTrusted">Whether that clock was synchronised.</param>
/// <param name="ReceivedMs">By the hub's clock.</param>
public sealed record CommandAnswer(CommandOutcome Outcome, CommandReason Reason, string Detail, long TimeMs, bool ClockTrusted, long ReceivedMs)
{
    /// <summary>Whether the device was seen neither as ordered nor to refuse, so that somebody has to look. An outcome that this version does not know is one of these.</summary>
    [JsonIgnore]
    public bool IsInDoubt => Outcome is not (CommandOutcome.Done or CommandOutcome.Refused or CommandOutcome.Expired) && Reason != CommandReason.DeviceRefused;
}

/// <summary>How long commands are good for, and where one stands. Pure.</summary>
public static class CommandLife
{
    /// <summary>Whoever is let in stands at the door; one that opens later opens for nobody, or for somebody else.</summary>
    public const long UnlockMs = 10_000;

    /// <summary>Nobody waits at a meter, and its line may be slow or busy; but who ordered it is still there to see how it went.</summary>
    public const long SwitchMs = 60_000;

    /// <summary>After the expiry: what was begun in time is ended, read back, and its answer sent; the slowest lines take some seconds for that.</summary>
    public const long AnswerGraceMs = 30_000;

    public static long LifetimeMs(OrderedAction action) => action == OrderedAction.Unlock ? UnlockMs : SwitchMs;

    public static CommandState StateOf(CommandOrder order, CommandAnswer? answer, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(order);
        return answer?.Outcome switch
        {
            CommandOutcome.Done => CommandState.Done,
            CommandOutcome.Refused => CommandState.Refused,
            CommandOutcome.Expired => CommandState.Expired,

            // An outcome that this version does not know was something else than done.
            not null => CommandState.Failed,
            null => nowMs < order.ExpiresMs + AnswerGraceMs ? CommandState.Waiting : CommandState.Unanswered,
        };
    }
}

/// <summary>A command and what is known of it.</summary>
/// <param name="Order">As it was asked for.</param>
/// <param name="Answer">Null: none came yet.</param>
public sealed record CommandRecord(CommandOrder Order, CommandAnswer? Answer)
{
    public CommandState StateAt(long nowMs) => CommandLife.StateOf(Order, Answer, nowMs);
}
