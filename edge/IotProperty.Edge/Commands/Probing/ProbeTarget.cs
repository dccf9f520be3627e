using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Commands.Probing;

/// <summary>What is asked once: one device on one line, made up from options or taken from a site.</summary>
/// <param name="Line">A line with the one device.</param>
/// <param name="WholeReadout">For an M-Bus meter of which no item was named: show all that it sends.</param>
internal sealed record ProbeTarget(LineConfiguration Line, bool WholeReadout)
{
    public DeviceConfiguration Device => Line.Devices[0];
}
