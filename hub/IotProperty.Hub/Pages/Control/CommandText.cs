using IotProperty.Hub.Control;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Control;

/// <summary>Commands in the reader's words.</summary>
internal static class CommandText
{
    private const int MaxDetailChars = 300;

    /// <summary>What is asked for: "Open · Entrance door".</summary>
    public static string What(CommandOrder order, PlaceNames names) => $"{Words.T("command-effect", order.Effect)} · {names.DeviceName(order.Site, order.Device)}";

    public static string State(CommandRecord command, CommandState state) => state == CommandState.Done && command.Order.Effect == CommandEffect.Unlock
        ? Words.T("doors.opened")
        : Words.T("command-state", state);

    public static string Mark(CommandState state) => state switch
    {
        CommandState.Waiting => "muted",
        CommandState.Done => "",
        _ => "warning-text",
    };

    /// <summary>What the state means and what to do now; null where the word says it all.</summary>
    public static string? Detail(CommandRecord command, CommandState state, bool edgeOnline, SiteTime time) => state switch
    {
        CommandState.Waiting when !edgeOnline => Words.T("command.waits-for-edge", time.Clock(command.Order.ExpiresMs)),
        CommandState.Refused or CommandState.Failed when !command.Answer!.IsInDoubt => Why(command.Answer),
        CommandState.Failed => string.Join(' ', new[] { Why(command.Answer!), Words.T("command.look-at-device") }.OfType<string>()),
        CommandState.Expired => Why(command.Answer!) ?? Words.T("command-reason", CommandReason.Late),
        CommandState.Unanswered => Words.T("command.may-have-happened"),
        _ => null,
    };

    /// <summary>
    /// What the edge says in English beyond <see cref="Detail"/>: all that it says where its reason has no word here, and what it read or heard. Null where that adds nothing.
    /// </summary>
    public static string? EdgeWords(CommandRecord command, CommandState state)
    {
        if (command.Answer is not { Detail.Length: > 0 } answer || state is not (CommandState.Refused or CommandState.Failed or CommandState.Expired))
        {
            return null;
        }

        bool adds = answer.Reason is not (
            CommandReason.ClockNotSynchronised or CommandReason.Late or CommandReason.NoTimeLeft or CommandReason.Busy or CommandReason.EdgeStopped);
        return adds ? Short(answer.Detail) : null;
    }

    /// <summary>Null where the edge gives no reason that this version has a word for.</summary>
    private static string? Why(CommandAnswer answer) => answer.Reason == CommandReason.None ? null : Words.T("command-reason", answer.Reason);

    /// <summary>For people, in their language where this version knows the reason.</summary>
    public static string Why(Refusal refusal) => refusal.Reasons[0].Code switch
    {
        "no-authority" => Words.T("command-refusal.no-authority"),
        "command.not-offered" or "command.ambiguous" or "edge.unknown" => Words.T("command-refusal.not-offered"),
        "command.open" or "commands.open" => Words.T("command-refusal.open"),
        "id.taken" => Words.T("command-refusal.id-taken"),
        _ => string.Join("; ", refusal.Reasons),
    };

    /// <summary>An edge's words are as long as it likes.</summary>
    private static string Short(string detail) => detail.Length <= MaxDetailChars ? detail : detail[..MaxDetailChars] + "…";

    public static int StatusOf(Refusal refusal) => refusal.Kind switch
    {
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status422UnprocessableEntity,
    };
}
