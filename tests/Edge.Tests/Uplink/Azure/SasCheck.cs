using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Edge.Tests.Uplink.Azure;

/// <summary>Looks at a token as the documentation describes it, from its text alone.</summary>
internal static class SasCheck
{
    /// <summary>When the token expires; null when it does not open this device.</summary>
    public static DateTimeOffset? Expiry(string token, string host, string device, string key)
    {
        const string Scheme = "SharedAccessSignature ";
        if (!token.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return null;
        }

        Dictionary<string, string> raw = token[Scheme.Length..].Split('&').Select(part => part.Split('=', 2)).Where(sides => sides.Length == 2).ToDictionary(sides => sides[0], sides => sides[1]);
        if (raw.Keys.Order().SequenceEqual(["se", "sig", "sr"]) is false || WebUtility.UrlDecode(raw["sr"]) != $"{host}/devices/{device}")
        {
            return null;
        }

        // Signed is what stands in the token, not what this side would have written.
        using HMACSHA256 hmac = new(Convert.FromBase64String(key));
        string signature = Convert.ToBase64String(hmac.ComputeHash(Encoding.ASCII.GetBytes($"{raw["sr"]}\n{raw["se"]}")));
        return WebUtility.UrlDecode(raw["sig"]) == signature ? DateTimeOffset.FromUnixTimeSeconds(long.Parse(raw["se"], CultureInfo.InvariantCulture)) : null;
    }
}
