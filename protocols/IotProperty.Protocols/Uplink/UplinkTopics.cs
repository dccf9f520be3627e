using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Protocols.Uplink;

/// <summary>The topics of the contract between edge and hub, and the one place that spells them.</summary>
public static class UplinkTopics
{
    private const string Root = "iotp/v1/";

    public static string Up(string site, Lane lane) => $"{Root}{site}/up/{Name(lane)}";

    public static string Receipt(string site) => $"{Root}{site}/receipt";

    public static string State(string site) => $"{Root}{site}/state";

    public static string Command(string site, string id) => $"{Root}{site}/command/{id}";

    /// <summary>The filter with which an edge subscribes to its commands.</summary>
    public static string CommandFilter(string site) => $"{Root}{site}/command/+";

    /// <summary>The filter with which hubs of one group share the batches of all sites.</summary>
    public static string SharedUpFilter(string group) => $"$share/{group}/{Root}+/up/+";

    /// <summary>The filter with which every hub hears the states of all sites.</summary>
    public static string StateFilter => $"{Root}+/state";

    /// <summary>Reads <c>iotp/v1/{site}/state</c>.</summary>
    public static bool TryParseState(string topic, [NotNullWhen(true)] out string? site)
    {
        ArgumentNullException.ThrowIfNull(topic);
        site = topic.Split('/') is ["iotp", "v1", { Length: > 0 } name, "state"] ? name : null;
        return site is not null;
    }

    /// <summary>Reads <c>iotp/v1/{site}/up/{lane}</c>.</summary>
    public static bool TryParseUp(string topic, [NotNullWhen(true)] out string? site, out Lane lane)
    {
        ArgumentNullException.ThrowIfNull(topic);
        site = null;
        lane = default;
        string[] parts = topic.Split('/');
        if (parts is not ["iotp", "v1", { Length: > 0 } name, "up", var laneName])
        {
            return false;
        }

        Lane? parsed = laneName switch
        {
            "event" => Lane.Event,
            "reading" => Lane.Reading,
            "telemetry" => Lane.Telemetry,
            _ => null,
        };
        if (parsed is null)
        {
            return false;
        }

        site = name;
        lane = parsed.Value;
        return true;
    }

    /// <summary>The lane's name in a topic.</summary>
    public static string Name(Lane lane) => lane switch
    {
        Lane.Event => "event",
        Lane.Reading => "reading",
        Lane.Telemetry => "telemetry",
        _ => throw new ArgumentOutOfRangeException(nameof(lane), lane, "not a lane"),
    };
}
