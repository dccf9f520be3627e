using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using IotProperty.Hub.Live;
using IotProperty.Tracing;

namespace IotProperty.Hub.Storage;

/// <summary>How hubs on one PostgreSQL tell each other what changed: one notification a commit, no data in it.</summary>
internal static class LiveNews
{
    public const string Channel = "iotp_live";

    // PostgreSQL takes less than 8,000 bytes.
    private const int MaxBytes = 7900;

    /// <summary>What does not fit becomes a request to fetch everything anew.</summary>
    public static string Write(string replica, IReadOnlyList<LiveEvent> changes)
    {
        string text = JsonSerializer.Serialize(new Message(replica, [.. changes.Select(c => new Change((byte)c.Kind, c.Site, c.Id, Parent(c.Cause)))]));
        return Encoding.UTF8.GetByteCount(text) <= MaxBytes
            ? text
            : JsonSerializer.Serialize(new Message(replica, [new Change((byte)LiveKind.Everything, "", "", null)]));
    }

    /// <summary>False for what no hub of this version wrote.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out string? replica, [NotNullWhen(true)] out IReadOnlyList<LiveEvent>? changes)
    {
        (replica, changes) = (null, null);
        try
        {
            if (JsonSerializer.Deserialize<Message>(text) is not { From: { } from, Changes: { } read } || read.Any(c => c is not { Site: not null, Id: not null }))
            {
                return false;
            }

            replica = from;
            changes = [.. read.Select(c => Enum.IsDefined((LiveKind)c.Kind) ? new LiveEvent((LiveKind)c.Kind, c.Site, c.Id) { Cause = Cause(c.Trace) } : new LiveEvent(LiveKind.Everything, "", ""))];
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>As W3C Trace Context writes it (§3.2.2); null where it is not recorded.</summary>
    private static string? Parent(in ActivityContext cause) => cause.IsRecorded() ? $"00-{cause.TraceId.ToHexString()}-{cause.SpanId.ToHexString()}-01" : null;

    private static ActivityContext Cause(string? parent) => ActivityContext.TryParse(parent, null, isRemote: true, out ActivityContext cause) ? cause : default;

    private sealed record Message(string From, Change[] Changes);

    private sealed record Change(byte Kind, string Site, string Id, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Trace);
}
