using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Profiles;

/// <summary>A dictionary of two quantities, so that tests of the reader do not depend on the meter protocols.</summary>
internal sealed class SampleItems : IItemDictionary
{
    public ItemLookup Find(FieldProtocol protocol, string item, string? unit) => item switch
    {
        "energy" or "energy/tariff=2" when unit is null or "kWh" => new KnownItem(item, "kWh", 8, 2) { Block = "energy/*" },
        "energy" => new UnknownItem($"the meter counts in kWh, which does not convert into '{unit}'", "write unit: kWh"),
        "relay" => new KnownItem(item, "", 0, 0) { IsFlag = true },
        _ => new UnknownItem($"{FieldProtocols.Name(protocol)} has no item '{item}'", "write one of: energy, relay"),
    };
}
