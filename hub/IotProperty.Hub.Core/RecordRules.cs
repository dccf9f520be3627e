using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub;

/// <summary>Rules that hold for the fields of many records; each adds its reason to a list, so that all mistakes are told at once.</summary>
public sealed class RecordRules
{
    private const int MaxIdLength = 64;
    public const int MaxTextLength = 200;
    private readonly List<Reason> _reasons = [];

    public IReadOnlyList<Reason> Reasons => _reasons;

    /// <summary>A client's own id; empty asks the hub for one.</summary>
    public RecordRules Id(string id) => Require(
        id.Length <= MaxIdLength && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'),
        "id",
        $"id '{Shown(id)}': use at most {MaxIdLength} of a-z, A-Z, 0-9, '-', '_' and '.', or leave it out");

    /// <summary>A text that must be there.</summary>
    public RecordRules Text(string field, string? text) => Require(
        !string.IsNullOrWhiteSpace(text) && text.Length <= MaxTextLength, field, $"{field}: must hold 1 to {MaxTextLength} characters");

    /// <summary>A text that may be empty.</summary>
    public RecordRules OptionalText(string field, string? text) => Require(
        text is not null && text.Length <= MaxTextLength, field, $"{field}: must hold at most {MaxTextLength} characters");

    /// <summary>A text in both languages.</summary>
    public RecordRules Text(string field, LocalText text) => Text($"{field}.en", text.En).Text($"{field}.zhCn", text.ZhCn);

    /// <summary>Anything else.</summary>
    public RecordRules Require(bool holds, string field, string detail)
    {
        if (!holds)
        {
            _reasons.Add(new Reason($"invalid.{field}", detail));
        }

        return this;
    }

    private static string Shown(string text) => text.Length <= MaxIdLength ? text : text[..MaxIdLength] + "…";
}
