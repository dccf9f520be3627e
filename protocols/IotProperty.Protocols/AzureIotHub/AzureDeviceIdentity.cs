using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Protocols.AzureIotHub;

/// <summary>
/// A device of an IoT hub with its symmetric key, as the portal shows it under "primary connection string":
/// <c>HostName=contoso.azure-devices.net;DeviceId=riverside;SharedAccessKey=base64</c>.
/// </summary>
public sealed class AzureDeviceIdentity
{
    private const int MaxDeviceIdChars = 128;
    private const int MaxKeyBytes = 256;

    // Of the characters that the identity registry allows, without + and # (wildcards in an MQTT topic), % (an escape in it) and ; (the end of a part of the connection string).
    private const string DeviceIdMarks = "-:._*?!(),=@$'";

    private readonly byte[] _key;

    private AzureDeviceIdentity(string hostName, string deviceId, byte[] key) => (HostName, DeviceId, _key) = (hostName, deviceId, key);

    /// <summary>The hub's full name, such as <c>contoso.azure-devices.net</c>.</summary>
    public string HostName { get; }

    /// <summary>1 to 128 characters; upper and lower case differ.</summary>
    public string DeviceId { get; }

    /// <summary>The decoded key; never logged.</summary>
    internal ReadOnlySpan<byte> Key => _key;

    /// <summary>Reads a connection string. <paramref name="why"/> says what is wrong and never quotes the key.</summary>
    public static bool TryParse(string connectionString, [NotNullWhen(true)] out AzureDeviceIdentity? identity, out string why)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        identity = null;
        Dictionary<string, string> parts = new(StringComparer.OrdinalIgnoreCase);
        foreach (string part in connectionString.Trim().Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            // Only the first sign of equality divides: a key in Base64 ends with some.
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                why = "holds a part that is not Name=value";
                return false;
            }

            if (!parts.TryAdd(part[..equals].Trim(), part[(equals + 1)..].Trim()))
            {
                why = $"says {Known(part[..equals].Trim())} twice";
                return false;
            }
        }

        why = WhyNot(parts);
        byte[] key = [];
        if (why.Length == 0 && !TryDecode(parts["SharedAccessKey"], out key))
        {
            why = $"has a SharedAccessKey that is not 1 to {MaxKeyBytes} bytes in Base64";
        }

        identity = why.Length > 0 ? null : new AzureDeviceIdentity(parts["HostName"], parts["DeviceId"], key);
        return identity is not null;
    }

    /// <summary>Without the key.</summary>
    public override string ToString() => $"device {DeviceId} of {HostName}";

    private static string WhyNot(Dictionary<string, string> parts)
    {
        string[] missing = [.. ((ReadOnlySpan<string>)["HostName", "DeviceId", "SharedAccessKey"]).ToArray().Where(name => !parts.TryGetValue(name, out string? value) || value.Length == 0)];
        return parts.ContainsKey("SharedAccessKeyName") ? "is that of a hub's policy (SharedAccessKeyName) and not of a device"
            : parts.ContainsKey("ModuleId") ? "is that of a module and not of a device"
            : parts.ContainsKey("GatewayHostName") ? "names a gateway (GatewayHostName), which is not supported"
            : parts.ContainsKey("SharedAccessSignature") ? "holds a finished token (SharedAccessSignature), which cannot be renewed"
            : parts.ContainsKey("x509") ? "asks for an X.509 certificate, which is not supported"
            : missing.Length > 0 ? $"lacks {string.Join(" and ", missing)}"
            : parts.Count > 3 ? "holds parts beside HostName, DeviceId and SharedAccessKey"
            : Uri.CheckHostName(parts["HostName"]) != UriHostNameType.Dns ? "has a HostName that is no host name"
            : !IsDeviceId(parts["DeviceId"]) ? $"has a DeviceId that is not 1 to {MaxDeviceIdChars} letters, digits and {DeviceIdMarks}"
            : "";
    }

    private static bool IsDeviceId(string id) => id.Length is > 0 and <= MaxDeviceIdChars && id.All(c => char.IsAsciiLetterOrDigit(c) || DeviceIdMarks.Contains(c, StringComparison.Ordinal));

    private static bool TryDecode(string base64, out byte[] key)
    {
        byte[] buffer = new byte[MaxKeyBytes];
        bool decoded = Convert.TryFromBase64String(base64, buffer, out int length) && length > 0;
        key = buffer[..length];
        return decoded;
    }

    /// <summary>A name that is quoted back only when it is one of ours: anything else may be a piece of a key.</summary>
    private static string Known(string name) => name is "HostName" or "DeviceId" or "SharedAccessKey" ? name : "a part";
}
