namespace IotProperty.Protocols.Uplink;

public enum CommandOutcome : byte
{
    Done = 1,
    Refused = 2,
    Failed = 3,
    Expired = 4,
}

/// <summary>What became of a command of the hub.</summary>
/// <param name="Id">The command's id; a repeated command gets the result of the first.</param>
public sealed record CommandResult(string Id, CommandOutcome Outcome, string Detail, long TimeMs, bool ClockTrusted);
