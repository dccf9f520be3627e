using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Faults;
using IotProperty.Transports;

namespace IotProperty.Simulators.Devices;

/// <summary>A serial line of the estate.</summary>
/// <param name="Id">Its id, the same as in the demo's site file.</param>
/// <param name="Settings">How it is spoken.</param>
/// <param name="Condition">What is wrong with the line as a whole.</param>
/// <param name="Faults">What can be broken.</param>
public sealed record SerialLineDefinition(string Id, SerialSettings Settings, WireCondition Condition, DeviceFaults Faults) : IFaultTarget
{
    public WireSpeed Speed => new(Settings.Baud, Settings.BitsPerCharacter);
}
