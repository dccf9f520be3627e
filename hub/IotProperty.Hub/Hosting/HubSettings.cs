using IotProperty.Hub.Hosting.Configuration;

namespace IotProperty.Hub.Hosting;

/// <summary>What one hub is told at its start.</summary>
/// <param name="DataFolder">Where everything it keeps for itself lies.</param>
/// <param name="Http">Where pages and API listen.</param>
/// <param name="Mqtt">Where edges connect.</param>
public sealed record HubSettings(string DataFolder, FrontDoorAddress Http, FrontDoorAddress Mqtt)
{
    /// <summary>On which engines it stands.</summary>
    public HubConfiguration Configuration { get; init; } = HubConfiguration.Embedded;

    /// <summary>What one client may take of a listener.</summary>
    public ListenerLimits Limits { get; init; } = new();
}
