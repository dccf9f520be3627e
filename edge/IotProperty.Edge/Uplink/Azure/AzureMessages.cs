using System.Globalization;
using IotProperty.Protocols.AzureIotHub;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Uplink.Azure;

/// <summary>
/// The contract's messages as those of IoT Hub, and back. Payloads are the same bytes; what the contract says in a topic is said in properties, so that a bridge behind the hub relays
/// without reading: <c>kind</c> is batch, state, receipt or command; a batch has <c>lane</c>, <c>epoch</c> and <c>seq</c>, a command its <c>id</c>.
/// </summary>
internal static class AzureMessages
{
    private const string ContentType = "application/x-protobuf";

    public static MqttLinkMessage ToHub(AzureLinkOptions options, in MqttLinkMessage message)
    {
        AzurePropertyBag properties;
        if (message.Number is { } number && UplinkTopics.TryParseUp(message.Topic, out string? site, out Lane lane))
        {
            string epoch = number.Epoch.ToString(CultureInfo.InvariantCulture);
            string sequence = number.Sequence.ToString(CultureInfo.InvariantCulture);
            string name = UplinkTopics.Name(lane);
            properties = new AzurePropertyBag(
                ("$.ct", ContentType), ("$.mid", $"{epoch}-{name}-{sequence}"), ("kind", "batch"), ("lane", name), ("site", site), ("epoch", epoch), ("seq", sequence));
        }
        else if (UplinkTopics.TryParseState(message.Topic, out site))
        {
            properties = new AzurePropertyBag(("$.ct", ContentType), ("kind", "state"), ("site", site));
        }
        else
        {
            throw new ArgumentException($"{message.Topic} is nothing that an edge publishes", nameof(message));
        }

        // IoT Hub keeps no retained messages: it would pass the flag on as a property.
        return new MqttLinkMessage(AzureTopics.Events(options.Identity.DeviceId, properties), message.Payload, Retain: false);
    }

    /// <summary>As the contract names it; a message of another kind keeps IoT Hub's topic.</summary>
    public static MqttLinkMessage FromHub(AzureLinkOptions options, in MqttLinkMessage message)
    {
        string? topic = AzureTopics.TryParseDeviceBound(message.Topic, options.Identity.DeviceId, out AzurePropertyBag? properties)
            ? properties["kind"] switch
            {
                "receipt" => UplinkTopics.Receipt(options.Site),
                "command" when properties["id"] is { Length: > 0 } id => UplinkTopics.Command(options.Site, id),
                _ => null,
            }
            : null;
        return topic is null ? message : message with { Topic = topic };
    }
}
