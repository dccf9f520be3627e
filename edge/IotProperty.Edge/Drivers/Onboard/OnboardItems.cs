using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>The inputs of the box: contacts and pulses of GPIO chips, analogue channels. All of a device come in one request.</summary>
/// <remarks>A value comes in the profile's unit when the input's own converts into it; else the point's <c>scale</c> and <c>offset</c> lead there, as from mA to MPa.</remarks>
public sealed class OnboardItems : IProtocolItems
{
    private const string Request = "inputs";

    /// <inheritdoc/>
    public ItemLookup Find(string item, string? unit) => OnboardItem.Parse(item, out OnboardMistake mistake) switch
    {
        ContactItem { Counts: false } => new KnownItem(Request, unit ?? "", 0, 0) { IsFlag = true },
        ContactItem => new KnownItem(Request, unit ?? "", 0, 0),
        AnalogueItem analogue => new KnownItem(Request, unit ?? analogue.Unit, 0, 0),
        _ => new UnknownItem($"'{(item.Length > 40 ? item[..40] + "…" : item)}' {mistake.What}", mistake.Mend),
    };
}
