using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Protocols.AzureIotHub;

/// <summary>
/// The topics and names of IoT Hub's MQTT interface that a device may use, and the one place that spells them ("Communicate with an IoT hub using the MQTT protocol"). The hub closes
/// the connection for any other.
/// </summary>
public static class AzureTopics
{
    /// <summary>The version of the interface, which the user name says.</summary>
    public const string ApiVersion = "2021-04-12";

    /// <summary>The user name of CONNECT: <c>{host}/{deviceId}/?api-version=2021-04-12&amp;DeviceClientType={client}</c>.</summary>
    /// <param name="client">Names this program and its version in the hub's diagnostics.</param>
    public static string UserName(AzureDeviceIdentity identity, string client)
    {
        ArgumentNullException.ThrowIfNull(identity);
        return $"{identity.HostName}/{identity.DeviceId}/?api-version={ApiVersion}&DeviceClientType={Uri.EscapeDataString(client)}";
    }

    /// <summary>Where a device publishes, and the topic of its will.</summary>
    public static string Events(string deviceId, AzurePropertyBag properties) => $"devices/{deviceId}/messages/events/{properties}";

    /// <summary>The only filter under which messages to the device come.</summary>
    public static string DeviceBoundFilter(string deviceId) => DeviceBound(deviceId) + "#";

    /// <summary>Reads the topic of a message to the device. False when it is another topic, or its properties cannot be read.</summary>
    public static bool TryParseDeviceBound(string topic, string deviceId, [NotNullWhen(true)] out AzurePropertyBag? properties)
    {
        ArgumentNullException.ThrowIfNull(topic);
        string prefix = DeviceBound(deviceId);
        properties = null;
        return topic.StartsWith(prefix, StringComparison.Ordinal) && AzurePropertyBag.TryParse(topic[prefix.Length..], out properties);
    }

    private static string DeviceBound(string deviceId) => $"devices/{deviceId}/messages/devicebound/";
}
