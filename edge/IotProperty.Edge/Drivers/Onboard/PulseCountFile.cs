using System.Globalization;
using IotProperty.Edge.Storage;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>
/// Pulse counts on disk, in a <see cref="TwoSlotFile"/>: a power cut in the middle of a write spoils at most the slot that was being written and the count before it
/// stands; one slot is written at a time, which is little wear for an SD card. Owned by one caller at a time.
/// </summary>
public sealed class PulseCountFile : IPulseCountStore
{
    public const int MaxCounts = 128;

    /// <summary>Room for <see cref="MaxCounts"/> lines of the longest name and number.</summary>
    private const int SlotBytes = 16 * 1024;
    private const string Heading = "iotp-pulses 1";

    private readonly TwoSlotFile _file;

    private PulseCountFile(TwoSlotFile file, IReadOnlyDictionary<string, long> counts) => (_file, Counts) = (file, counts);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> Counts { get; }

    /// <summary>Opens the file, or makes it.</summary>
    /// <exception cref="InvalidDataException">The file holds something, and no slot of it is whole; meters would begin at zero without anybody's knowing.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static PulseCountFile Open(string path)
    {
        TwoSlotFile file = TwoSlotFile.Open(path, Heading, SlotBytes);
        if ((file.WasEmpty ? [] : Parse(file.Lines)) is { } counts)
        {
            return new PulseCountFile(file, counts);
        }

        file.Dispose();
        throw new InvalidDataException($"{path}: the counts of the pulse meters are damaged; move the file away to begin at zero, and note what the meters show");
    }

    /// <inheritdoc/>
    public void Write(IReadOnlyDictionary<string, long> counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (counts.Count > MaxCounts)
        {
            throw new ArgumentException($"more than {MaxCounts} counts", nameof(counts));
        }

        _file.Write(counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key} {c.Value}")), sync: true);
    }

    public void Dispose() => _file.Dispose();

    /// <returns>Null when there are no lines, or a line that is no count.</returns>
    private static Dictionary<string, long>? Parse(IReadOnlyList<string>? lines)
    {
        Dictionary<string, long> counts = [];
        foreach (string line in lines ?? [""])
        {
            int blank = line.LastIndexOf(' ');
            if (blank <= 0 || !long.TryParse(line.AsSpan(blank + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long count) || !counts.TryAdd(line[..blank], count))
            {
                return null;
            }
        }

        return counts;
    }
}
