using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace IotProperty.Protocols.AzureIotHub;

/// <summary>
/// Properties of a message as the last part of its topic: <c>name=value&amp;name=value</c>, each percent-encoded ("Communicate with an IoT hub using the MQTT protocol", sections
/// "Sending device-to-cloud messages" and "Receiving cloud-to-device messages"). Names of the system's own properties begin with $, such as <c>$.ct</c>, the content type.
/// </summary>
public sealed class AzurePropertyBag
{
    private const int MaxProperties = 128;
    private readonly ImmutableArray<KeyValuePair<string, string?>> _properties;

    /// <param name="properties">Names are not empty and come once; a value of null is told as a name alone.</param>
    public AzurePropertyBag(params ReadOnlySpan<(string Name, string? Value)> properties)
    {
        ImmutableArray<KeyValuePair<string, string?>>.Builder all = ImmutableArray.CreateBuilder<KeyValuePair<string, string?>>(properties.Length);
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((string name, string? value) in properties)
        {
            if (string.IsNullOrEmpty(name) || !names.Add(name))
            {
                throw new ArgumentException($"property '{name}' has no name, or comes twice", nameof(properties));
            }

            all.Add(new(name, value));
        }

        _properties = all.ToImmutable();
    }

    private AzurePropertyBag(ImmutableArray<KeyValuePair<string, string?>> properties) => _properties = properties;

    /// <summary>In order.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> All => _properties;

    /// <summary>The value of a property; null when it is not there or says null.</summary>
    public string? this[string name] => _properties.FirstOrDefault(property => property.Key == name).Value;

    /// <summary>Never throws for what the text holds. False for a broken escape, text that is not UTF-8, a name that is empty or comes twice, and for more than 128 properties.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AzurePropertyBag? bag)
    {
        ArgumentNullException.ThrowIfNull(text);
        bag = null;
        ImmutableArray<KeyValuePair<string, string?>>.Builder all = ImmutableArray.CreateBuilder<KeyValuePair<string, string?>>();
        HashSet<string> names = new(StringComparer.Ordinal);

        // The documentation's own example has a question mark in front.
        foreach (string part in text.StartsWith('?') ? text[1..].Split('&') : text.Length == 0 ? [] : text.Split('&'))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string? value = null;
            if (all.Count == MaxProperties || !TryUnescape(equals < 0 ? part : part[..equals], out string? name) || name.Length == 0 || !names.Add(name)
                || (equals >= 0 && !TryUnescape(part[(equals + 1)..], out value)))
            {
                return false;
            }

            all.Add(new(name, value));
        }

        bag = new AzurePropertyBag(all.ToImmutable());
        return true;
    }

    public override string ToString() => string.Join('&', _properties.Select(
        property => Uri.EscapeDataString(property.Key) + (property.Value is { } value ? "=" + Uri.EscapeDataString(value) : "")));

    /// <summary>Strict where <see cref="Uri.UnescapeDataString(string)"/> leaves what it cannot read as it is: two texts must not mean the same by accident.</summary>
    private static bool TryUnescape(string text, [NotNullWhen(true)] out string? unescaped)
    {
        unescaped = null;
        byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        int count = 0;
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] == '%')
            {
                if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
                {
                    return false;
                }

                bytes[count++] = Convert.FromHexString(text.AsSpan(at + 1, 2))[0];
                at += 2;
            }
            else
            {
                int width = char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? 2 : 1;
                count += Encoding.UTF8.GetBytes(text.AsSpan(at, width), bytes.AsSpan(count));
                at += width - 1;
            }
        }

        unescaped = Utf8.IsValid(bytes.AsSpan(0, count)) ? Encoding.UTF8.GetString(bytes, 0, count) : null;
        return unescaped is not null;
    }
}
