using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Faults;

namespace IotProperty.Simulators.Devices;

/// <summary>A device on a line, as a master sees it.</summary>
/// <param name="Id">The device's id, the same as in the demo's site file.</param>
/// <param name="Kind">What it is: <c>lift</c>, <c>fire-pump</c>, …</param>
/// <param name="Line">The line that it hangs on.</param>
/// <param name="Unit">Its Modbus unit identifier.</param>
/// <param name="Registers">Its register map.</param>
/// <param name="Faults">What can be broken.</param>
public sealed record SimulatedDevice(string Id, string Kind, string Line, byte Unit, RegisterMap Registers, DeviceFaults Faults) : IFaultTarget
{
    /// <summary>Presents a credential at its reader; null when it has none.</summary>
    public Action<uint>? Swipe { get; init; }

    /// <summary>What is wrong with the wire at it, or with its answers over TCP; null for a device without a way to break either.</summary>
    public WireCondition? Wire { get; init; }

    /// <summary>Takes a write to coil 0, the only one that a master may write; null when it has none. Returns whether the device obeyed.</summary>
    public Func<bool>? Unlock { get; init; }
}
