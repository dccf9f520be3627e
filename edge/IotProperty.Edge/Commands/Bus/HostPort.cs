using System.Globalization;

namespace IotProperty.Edge.Commands.Bus;

/// <summary>A TCP endpoint as people write it on a command line: <c>192.168.1.7:502</c>, <c>gateway:4001</c>, <c>[2001:db8::7]:502</c>.</summary>
/// <param name="Port">1 to 65535.</param>
internal readonly record struct HostPort(string Host, int Port)
{
    /// <summary>Null when the text is no endpoint.</summary>
    public static HostPort? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= 65_535
            ? new HostPort(text[..colon].Trim('[', ']'), port)
            : null;
    }
}
