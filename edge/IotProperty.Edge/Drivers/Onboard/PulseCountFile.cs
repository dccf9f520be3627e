using System.Globalization;
using System.Text;
using IotProperty.Protocols.Uplink;
using Microsoft.Win32.SafeHandles;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>
/// Pulse counts on disk: two slots of one file, written in turn and each with a sequence number and a checksum, so that a power cut in the middle of a write spoils at
/// most the slot that was being written and the count before it stands. Only the file's content changes, never its name or place, so that one sync is enough; one
/// slot is written at a time, which is little wear for an SD card. Owned by one caller at a time.
/// </summary>
public sealed class PulseCountFile : IPulseCountStore
{
    public const int MaxCounts = 128;

    /// <summary>Room for <see cref="MaxCounts"/> lines of the longest name and number.</summary>
    private const int SlotBytes = 16 * 1024;
    private const string Heading = "iotp-pulses 1";
    private const string Seal = "crc32c ";

    private readonly SafeFileHandle _file;
    private readonly byte[] _slot = new byte[SlotBytes];
    private long _sequence;

    private PulseCountFile(SafeFileHandle file) => _file = file;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> Counts { get; private set; } = new Dictionary<string, long>();

    /// <summary>Opens the file, or makes it.</summary>
    /// <exception cref="InvalidDataException">The file holds something, and no slot of it is whole; meters would begin at zero without anybody's knowing.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static PulseCountFile Open(string path)
    {
        PulseCountFile opened = new(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read));
        try
        {
            opened.Load(path);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Write(IReadOnlyDictionary<string, long> counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (counts.Count > MaxCounts)
        {
            throw new ArgumentException($"more than {MaxCounts} counts", nameof(counts));
        }

        long sequence = _sequence + 1;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Heading} {sequence}\n");
        foreach ((string key, long count) in counts.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"{key} {count}\n");
        }

        uint checksum = Crc32C.Of(Encoding.ASCII.GetBytes(text.ToString()));
        text.Append(CultureInfo.InvariantCulture, $"{Seal}{checksum:X8}\n");
        _slot.AsSpan().Clear();
        Encoding.ASCII.GetBytes(text.ToString(), _slot);
        RandomAccess.Write(_file, _slot, sequence % 2 * SlotBytes);
        RandomAccess.FlushToDisk(_file);
        _sequence = sequence;
    }

    public void Dispose() => _file.Dispose();

    private void Load(string path)
    {
        bool empty = true;
        for (int slot = 0; slot < 2; slot++)
        {
            int length = 0;
            while (length < SlotBytes && RandomAccess.Read(_file, _slot.AsSpan(length), (slot * SlotBytes) + length) is > 0 and int got)
            {
                length += got;
            }

            empty &= length == 0;
            if (Parse(_slot.AsSpan(0, length)) is { } read && read.Sequence > _sequence)
            {
                (_sequence, Counts) = read;
            }
        }

        if (!empty && _sequence == 0)
        {
            throw new InvalidDataException($"{path}: the counts of the pulse meters are damaged; move the file away to begin at zero, and note what the meters show");
        }
    }

    /// <returns>Null when the slot is empty or not whole.</returns>
    private static (long Sequence, IReadOnlyDictionary<string, long> Counts)? Parse(ReadOnlySpan<byte> slot)
    {
        int end = slot.IndexOf((byte)0);
        string text = Encoding.ASCII.GetString(end < 0 ? slot : slot[..end]);
        int seal = text.LastIndexOf(Seal, StringComparison.Ordinal);
        if (seal < 0
            || !uint.TryParse(text.AsSpan(seal + Seal.Length).TrimEnd('\n'), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint checksum)
            || Crc32C.Of(Encoding.ASCII.GetBytes(text[..seal])) != checksum)
        {
            return null;
        }

        string[] lines = text[..seal].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0 || !lines[0].StartsWith(Heading + " ", StringComparison.Ordinal) || Number(lines[0].AsSpan(Heading.Length + 1)) is not { } sequence)
        {
            return null;
        }

        Dictionary<string, long> counts = [];
        foreach (string line in lines.Skip(1))
        {
            int blank = line.LastIndexOf(' ');
            if (blank <= 0 || Number(line.AsSpan(blank + 1)) is not { } count || !counts.TryAdd(line[..blank], count))
            {
                return null;
            }
        }

        return (sequence, counts);
    }

    private static long? Number(ReadOnlySpan<char> text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}
