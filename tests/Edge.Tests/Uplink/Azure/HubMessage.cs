using System.Net;

namespace IotProperty.Edge.Tests.Uplink.Azure;

/// <summary>A message that a device sent to the endpoint.</summary>
/// <param name="Properties">Decoded, without the help of the code under test.</param>
/// <param name="Connection">The number of the connection that it came on, from 1.</param>
internal sealed record HubMessage(string Device, IReadOnlyDictionary<string, string> Properties, byte[] Payload, int Connection)
{
    public string Kind => Properties["kind"];

    /// <summary>Reads <c>name=value&amp;…</c>; null when it is no property bag.</summary>
    public static Dictionary<string, string>? ReadProperties(string bag)
    {
        Dictionary<string, string> properties = [];
        foreach (string part in bag.Length == 0 ? [] : bag.Split('&'))
        {
            string[] sides = part.Split('=');
            if (sides is not [{ Length: > 0 } name, var value] || !properties.TryAdd(WebUtility.UrlDecode(name), WebUtility.UrlDecode(value)))
            {
                return null;
            }
        }

        return properties;
    }
}
