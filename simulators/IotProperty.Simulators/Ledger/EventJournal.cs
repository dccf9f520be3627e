using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Ledger;

/// <summary>What happened in the building, with its time; milliseconds since the Unix epoch, UTC.</summary>
public sealed record JournalEntry(long TimeMs, WorldEventKind Kind, string Device, string Detail, int Sequence);

/// <summary>Remembers swipes, unlocks, openings and faults on disk: one line of JSON an event, at most eight files of 8 MB.</summary>
public sealed class EventJournal : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    private readonly SegmentedLog _log;
    private long _count;

    public EventJournal(string folder, long segmentBytes = 8 << 20, int segmentCount = 8) =>
        _log = new SegmentedLog(folder, "events", [], segmentBytes, segmentCount);

    /// <summary>Events recorded since the start.</summary>
    public long Count => Interlocked.Read(ref _count);

    public static string Encode(JournalEntry entry) => JsonSerializer.Serialize(entry, Json);

    public static JournalEntry Decode(string line) =>
        JsonSerializer.Deserialize<JournalEntry>(line, Json) ?? throw new JsonException("an event is an object");

    public void Record(long timeMs, in WorldEvent happened)
    {
        JournalEntry entry = new(timeMs, happened.Kind, happened.Device, happened.Detail, happened.Sequence);
        _log.Append(Encoding.UTF8.GetBytes(Encode(entry) + "\n"));
        Interlocked.Increment(ref _count);
    }

    /// <summary>Events in [from, to), oldest first. Safe beside <see cref="Record"/>.</summary>
    public IEnumerable<JournalEntry> Query(long fromMs, long toMs)
    {
        foreach ((FileStream file, long length) in _log.Read())
        {
            byte[] bytes = new byte[length - file.Position];
            file.ReadExactly(bytes);
            foreach (string line in Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                JournalEntry entry = Decode(line);
                if (entry.TimeMs >= fromMs && entry.TimeMs < toMs)
                {
                    yield return entry;
                }
            }
        }
    }

    public void Dispose() => _log.Dispose();
}
