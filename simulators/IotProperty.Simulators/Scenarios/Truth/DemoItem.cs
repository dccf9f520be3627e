using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Scenarios.Truth;

/// <summary>One point of the demo that is an item of a meter.</summary>
public sealed record DemoItem(SimulatedMeter Meter, MeterItem Item)
{
    /// <summary>All of the demo's site.</summary>
    public static IReadOnlyList<DemoItem> All { get; } =
        [.. new SerialEstate(new Building(new BuildingOptions(0))).Meters.SelectMany(m => m.Items.Select(i => new DemoItem(m, i)))];

    /// <summary><c>device/point</c>.</summary>
    public string Id => $"{Meter.Id}/{Item.Name}";

    /// <summary>Whether the profile reads the register for billing: energy, and where there is none the volume.</summary>
    public bool IsBilled => Item.Name == (Meter.Items.Any(i => i.Name == "energy") ? "energy" : "volume");

    /// <summary>Whether an answer showed this item.</summary>
    public bool IsIn(ServedItems answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return answer.Device == Meter.Id && answer.Values.ContainsKey(Item.Name);
    }
}
