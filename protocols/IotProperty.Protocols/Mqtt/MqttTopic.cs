namespace IotProperty.Protocols.Mqtt;

/// <summary>The rules of topic names and topic filters, §4.7.</summary>
public static class MqttTopic
{
    private const string SharePrefix = "$share/";

    /// <summary>Whether the text may stand as a topic name: at least one character, no wildcard [MQTT-4.7.3-1, MQTT-3.3.2-2].</summary>
    public static bool IsValidName(ReadOnlySpan<char> topic) => topic.Length > 0 && topic.IndexOfAny('+', '#', '\0') < 0;

    /// <summary>Whether the text may stand as a topic filter, shared subscriptions included [MQTT-4.7.1-1, MQTT-4.7.1-2, MQTT-4.8.2-1, MQTT-4.8.2-2].</summary>
    public static bool IsValidFilter(ReadOnlySpan<char> filter)
    {
        if (IsShared(filter))
        {
            ReadOnlySpan<char> rest = filter[SharePrefix.Length..];
            int slash = rest.IndexOf('/');
            return slash > 0 && rest[..slash].IndexOfAny('+', '#') < 0 && IsValidPlainFilter(rest[(slash + 1)..]);
        }

        return IsValidPlainFilter(filter);
    }

    /// <summary>Whether the filter asks for a shared subscription, §4.8.2.</summary>
    public static bool IsShared(ReadOnlySpan<char> filter) => filter.StartsWith(SharePrefix, StringComparison.Ordinal);

    public static bool HasWildcard(ReadOnlySpan<char> filter) => filter.IndexOfAny('+', '#') >= 0;

    /// <summary>Whether a valid, not shared filter takes a valid topic name. Wildcards at the start do not take names that begin with $ [MQTT-4.7.2-1].</summary>
    public static bool Matches(ReadOnlySpan<char> filter, ReadOnlySpan<char> topic)
    {
        if (topic.StartsWith("$") && (filter.StartsWith("+") || filter.StartsWith("#")))
        {
            return false;
        }

        while (true)
        {
            ReadOnlySpan<char> filterLevel = NextLevel(ref filter, out bool filterEnds);
            if (filterLevel is "#")
            {
                return true;
            }

            ReadOnlySpan<char> topicLevel = NextLevel(ref topic, out bool topicEnds);
            if (filterLevel is not "+" && !filterLevel.SequenceEqual(topicLevel))
            {
                return false;
            }

            if (filterEnds || topicEnds)
            {
                // "sport/#" also takes "sport": # includes the parent level (§4.7.1.2).
                return (filterEnds && topicEnds) || (topicEnds && filter is "#");
            }
        }
    }

    private static ReadOnlySpan<char> NextLevel(ref ReadOnlySpan<char> text, out bool last)
    {
        int slash = text.IndexOf('/');
        last = slash < 0;
        ReadOnlySpan<char> level = last ? text : text[..slash];
        text = last ? [] : text[(slash + 1)..];
        return level;
    }

    private static bool IsValidPlainFilter(ReadOnlySpan<char> filter)
    {
        if (filter.IsEmpty || filter.Contains('\0'))
        {
            return false;
        }

        while (true)
        {
            ReadOnlySpan<char> level = NextLevel(ref filter, out bool last);
            bool wildcard = level.IndexOfAny('+', '#') >= 0;
            if (wildcard && (level.Length > 1 || (level is "#" && !last)))
            {
                return false;
            }

            if (last)
            {
                return true;
            }
        }
    }
}
