using System.Runtime.CompilerServices;
using System.Text;

namespace IotProperty.Simulators.Scenarios.Hub;

/// <summary>One server-sent event (WHATWG HTML, §9.2): its name and its data.</summary>
public readonly record struct LiveMessage(string Name, string Data);

/// <summary>Reads a stream of server-sent events.</summary>
public static class LiveEvents
{
    /// <summary>Events as they come, until the stream ends or the token is cancelled.</summary>
    public static async IAsyncEnumerable<LiveMessage> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using StreamReader reader = new(stream, Encoding.UTF8);
        string name = "";
        StringBuilder data = new();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                if (data.Length > 0)
                {
                    yield return new LiveMessage(name.Length == 0 ? "message" : name, data.ToString());
                }

                name = "";
                data.Clear();
                continue;
            }

            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string field = colon < 0 ? line : line[..colon];
            string value = colon < 0 ? "" : line[(colon + 1)..];
            value = value.StartsWith(' ') ? value[1..] : value;
            if (field == "event")
            {
                name = value;
            }
            else if (field == "data")
            {
                data.Append(data.Length > 0 ? "\n" : "").Append(value);
            }
        }
    }
}
