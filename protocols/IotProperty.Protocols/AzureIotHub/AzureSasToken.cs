using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Protocols.AzureIotHub;

/// <summary>
/// A shared access signature of IoT Hub ("Control access to IoT Hub by using shared access signatures", section "SAS token structure"):
/// <c>SharedAccessSignature sr={resource}&amp;sig={signature}&amp;se={expiry}</c>, where the signature is HMAC-SHA256 over the encoded resource, a line feed and the expiry.
/// </summary>
public sealed class AzureSasToken
{
    private const string Scheme = "SharedAccessSignature ";
    private const int MaxChars = 4_096;

    private AzureSasToken(string resource, string signature, DateTimeOffset expiry) => (Resource, Signature, Expiry) = (resource, signature, expiry);

    /// <summary>What it opens, decoded: <c>{host}/devices/{deviceId}</c>.</summary>
    public string Resource { get; }

    /// <summary>HMAC-SHA256 in Base64.</summary>
    public string Signature { get; }

    /// <summary>The hub refuses the token from this second on, and closes connections that were opened with it.</summary>
    public DateTimeOffset Expiry { get; }

    /// <summary>A token for the device itself.</summary>
    /// <param name="identity">Whose key signs.</param>
    /// <param name="expiry">Fractions of a second are dropped.</param>
    public static AzureSasToken For(AzureDeviceIdentity identity, DateTimeOffset expiry)
    {
        ArgumentNullException.ThrowIfNull(identity);
        string resource = $"{identity.HostName}/devices/{identity.DeviceId}";
        return new AzureSasToken(resource, Sign(identity.Key, resource, expiry), DateTimeOffset.FromUnixTimeSeconds(expiry.ToUnixTimeSeconds()));
    }

    /// <summary>Reads a token; its fields may come in any order.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AzureSasToken? token)
    {
        ArgumentNullException.ThrowIfNull(text);
        token = null;
        if (text.Length > MaxChars || !text.StartsWith(Scheme, StringComparison.Ordinal) || !AzurePropertyBag.TryParse(text[Scheme.Length..], out AzurePropertyBag? fields))
        {
            return false;
        }

        if (fields["sr"] is not { Length: > 0 } resource || fields["sig"] is not { Length: > 0 } signature
            || !long.TryParse(fields["se"], NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return false;
        }

        token = new AzureSasToken(resource, signature, DateTimeOffset.FromUnixTimeSeconds(seconds));
        return true;
    }

    /// <summary>The token as it is sent. It opens the hub: never logged.</summary>
    public string ToPassword() => string.Create(
        CultureInfo.InvariantCulture, $"{Scheme}sr={Uri.EscapeDataString(Resource)}&sig={Uri.EscapeDataString(Signature)}&se={Expiry.ToUnixTimeSeconds()}");

    /// <summary>Without the signature.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"token for {Resource} until {Expiry:u}");

    private static string Sign(ReadOnlySpan<byte> key, string resource, DateTimeOffset expiry)
    {
        string signed = string.Create(CultureInfo.InvariantCulture, $"{Uri.EscapeDataString(resource)}\n{expiry.ToUnixTimeSeconds()}");
        return Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(signed)));
    }
}
