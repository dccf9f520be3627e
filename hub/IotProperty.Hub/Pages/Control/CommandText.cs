using IotProperty.Hub.Control;

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
        CommandState.Refused => Short(command.Answer!.Detail),
        CommandState.Failed => $"{Words.T("command.look-at-device")} {Short(command.Answer!.Detail)}".TrimEnd(),
        CommandState.Expired => Words.T("command.came-too-late"),
        CommandState.Unanswered => Words.T("command.may-have-happened"),
        _ => null,
    };

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
