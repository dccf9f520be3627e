using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Hosting;

/// <param name="Building">The world.</param>
/// <param name="DataFolder">Where ledger and journal lie.</param>
/// <param name="Speed">World seconds a second; the meters have their own factor on top.</param>
public sealed record SimulatorOptions(BuildingOptions Building, string DataFolder, double Speed);
