using System.Text;
using System.Text.Json;

namespace IotProperty.Simulators.Ledger;

/// <summary>What a meter showed to a master in one answer.</summary>
/// <param name="TimeMs">When the answer was formed; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Line">The line.</param>
/// <param name="Device">The meter.</param>
/// <param name="Values">Every value of the answer, by the name of the meter's item.</param>
public sealed record ServedItems(long TimeMs, string Line, string Device, IReadOnlyDictionary<string, decimal> Values);

/// <summary>Remembers every answer of the meters on disk: one line of JSON an answer, at most eight files of 16 MB.</summary>
public sealed class ItemLedger : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly SegmentedLog _log;
    private long _count;

    public ItemLedger(string folder, long segmentBytes = 16 << 20, int segmentCount = 8) => _log = new SegmentedLog(folder, "items", [], segmentBytes, segmentCount);

    /// <summary>Answers recorded since the start.</summary>
    public long Count => Interlocked.Read(ref _count);

    public void Record(ServedItems served)
    {
        _log.Append(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(served, Json) + "\n"));
        Interlocked.Increment(ref _count);
    }

    /// <summary>Answers in [from, to), oldest first. Safe beside <see cref="Record"/>.</summary>
    public IEnumerable<ServedItems> Query(long fromMs, long toMs)
    {
        foreach ((FileStream file, long length) in _log.Read())
        {
            byte[] bytes = new byte[length - file.Position];
            file.ReadExactly(bytes);
            foreach (string line in Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                ServedItems served = JsonSerializer.Deserialize<ServedItems>(line, Json) ?? throw new JsonException("an answer is an object");
                if (served.TimeMs >= fromMs && served.TimeMs < toMs)
                {
                    yield return served;
                }
            }
        }
    }

    public void Dispose() => _log.Dispose();
}
