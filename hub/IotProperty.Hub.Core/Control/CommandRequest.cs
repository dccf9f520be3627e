using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Control;

/// <summary>What somebody asks the hub to have done at a site.</summary>
public sealed record CommandRequest
{
    /// <summary>So many characters of <see cref="Note"/> at most.</summary>
    public const int MaxNoteChars = 200;

    private const int MaxDeviceChars = 200;

    /// <summary>The device's id.</summary>
    public required string Device { get; init; }

    public required OrderedAction Action { get; init; }

    /// <summary>Into which position a relay or valve is to be brought; null for a door.</summary>
    public SwitchPosition? Position { get; init; }

    /// <summary>Why; may be empty. Not for names of residents: it is not encrypted.</summary>
    public string Note { get; init; } = "";

    /// <summary>Chosen by the client, so that a request that is sent again is one command: see <see cref="SiteCommandRules.IsId"/>. Empty: the hub chooses.</summary>
    public string Id { get; init; } = "";

    /// <summary>Every mistake that can be seen without knowing the site.</summary>
    public IReadOnlyList<Reason> Check() => new RecordRules()
        .Require(Device.Length is > 0 and <= MaxDeviceChars, "device", $"device: must hold 1 to {MaxDeviceChars} characters")
        .Require(Enum.IsDefined(Action), "action", "action: must be unlock or switch")
        .Require(Position is null || Enum.IsDefined(Position.Value), "position", "position: must be open, close or permit-close")
        .Require(Action != OrderedAction.Unlock || Position is null, "position", "position: a door has none — leave it out")
        .Require(Action != OrderedAction.Switch || Position is not null, "position", "position: a relay or valve needs one of open, close and permit-close")
        .Require(Note.Length <= MaxNoteChars && !Note.Any(char.IsControl), "note", $"note: must hold at most {MaxNoteChars} characters, in one line")
        .Require(Id.Length == 0 || SiteCommandRules.IsId(Id), "id", $"id: use 1 to {SiteCommandRules.MaxIdChars} letters, digits and dashes, or leave it out")
        .Reasons;
}
