using IotProperty.Hub.Control;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Control;

/// <summary>One thing that can be ordered of a meter.</summary>
/// <param name="Target">Its relay or its valve.</param>
/// <param name="Position">Into which position that is brought.</param>
/// <param name="Effect">What it brings about on site.</param>
public sealed record SupplyChoice(CommandTarget Target, SwitchPosition Position, CommandEffect Effect)
{
    private static readonly SupplyChoice[] OfRelay =
    [
        new(CommandTarget.Relay, SwitchPosition.Open, CommandEffect.CutOff),
        new(CommandTarget.Relay, SwitchPosition.Close, CommandEffect.Restore),
        new(CommandTarget.Relay, SwitchPosition.PermitClose, CommandEffect.PermitRestore),
    ];

    private static readonly SupplyChoice[] OfValve =
    [
        new(CommandTarget.Valve, SwitchPosition.Close, CommandEffect.CutOff),
        new(CommandTarget.Valve, SwitchPosition.Open, CommandEffect.Restore),
    ];

    /// <summary>As in addresses: <c>cut-off</c>, <c>restore</c>, <c>permit-restore</c>.</summary>
    public string Name => EnumName.Kebab(Effect);

    /// <summary>What it means for those who live there.</summary>
    public string Meaning => Words.T((Target, Effect) switch
    {
        (CommandTarget.Relay, CommandEffect.CutOff) => "supply.cuts-power",
        (CommandTarget.Relay, CommandEffect.Restore) => "supply.restores-power",
        (CommandTarget.Relay, _) => "supply.permits-power",
        (_, CommandEffect.CutOff) => "supply.cuts-flow",
        _ => "supply.restores-flow",
    });

    /// <summary>What can be ordered of the meter; nothing when it has, by its edge, neither relay nor valve to be switched from here, or both.</summary>
    public static IReadOnlyList<SupplyChoice> Of(CatalogueDevice? meter) =>
        meter is null ? [] : CommandRules.TargetsOf(meter).Where(target => target != CommandTarget.Lock).ToArray() switch
        {
            [CommandTarget.Relay] => OfRelay,
            [CommandTarget.Valve] => OfValve,
            _ => [],
        };
}
