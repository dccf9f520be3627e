using IotProperty.Simulators.Faults;

namespace IotProperty.Simulators.Devices;

/// <summary>Something that can be named and broken: a device, or a whole serial line.</summary>
public interface IFaultTarget
{
    string Id { get; }

    DeviceFaults Faults { get; }
}
