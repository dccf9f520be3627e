using System.Globalization;
using System.Text;
using IotProperty.Protocols.Uplink;
using Microsoft.Win32.SafeHandles;

namespace IotProperty.Edge.Storage;

/// <summary>
/// A small text on disk: two slots of one file, written in turn and each with a number and a checksum, so that a power cut in the middle of a write spoils at
/// most the slot that was being written and the text before it stands. Only the file's content changes, never its name or place, so that one sync is enough.
/// Owned by one caller at a time.
/// </summary>
internal sealed class TwoSlotFile : IDisposable
{
    private const string Seal = "crc32c ";

    private readonly SafeFileHandle _file;
    private readonly string _heading;
    private readonly byte[] _slot;
    private long _number;

    private TwoSlotFile(SafeFileHandle file, string heading, int slotBytes) => (_file, _heading, _slot) = (file, heading, new byte[slotBytes]);

    /// <summary>The lines of the newest slot that is whole; null when none is.</summary>
    public IReadOnlyList<string>? Lines { get; private set; }

    /// <summary>Whether the file held nothing at all when it was opened.</summary>
    public bool WasEmpty { get; private set; } = true;

    /// <summary>Opens the file, or makes it. Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when it cannot be opened.</summary>
    /// <param name="path">The file.</param>
    /// <param name="heading">What the text is, with its version; a slot that is headed otherwise is not taken.</param>
    /// <param name="slotBytes">The room for heading, lines and seal.</param>
    public static TwoSlotFile Open(string path, string heading, int slotBytes)
    {
        TwoSlotFile opened = new(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read), heading, slotBytes);
        try
        {
            opened.Load();
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Replaces the older slot.</summary>
    /// <param name="lines">ASCII, without line ends, none empty.</param>
    /// <param name="sync">Whether the text shall be on disk when the call returns, and not only with the kernel.</param>
    public void Write(IEnumerable<string> lines, bool sync)
    {
        long number = _number + 1;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{_heading} {number}\n");
        foreach (string line in lines)
        {
            text.Append(line).Append('\n');
        }

        uint checksum = Crc32C.Of(Encoding.ASCII.GetBytes(text.ToString()));
        text.Append(CultureInfo.InvariantCulture, $"{Seal}{checksum:X8}\n");
        _slot.AsSpan().Clear();
        Encoding.ASCII.GetBytes(text.ToString(), _slot);
        RandomAccess.Write(_file, _slot, number % 2 * _slot.Length);
        if (sync)
        {
            RandomAccess.FlushToDisk(_file);
        }

        _number = number;
    }

    public void Dispose() => _file.Dispose();

    private void Load()
    {
        for (int slot = 0; slot < 2; slot++)
        {
            int length = 0;
            while (length < _slot.Length && RandomAccess.Read(_file, _slot.AsSpan(length), (slot * _slot.Length) + length) is > 0 and int got)
            {
                length += got;
            }

            WasEmpty &= length == 0;
            if (Parse(_slot.AsSpan(0, length)) is { } read && read.Number > _number)
            {
                (_number, Lines) = read;
            }
        }
    }

    /// <returns>Null when the slot is empty or not whole.</returns>
    private (long Number, IReadOnlyList<string> Lines)? Parse(ReadOnlySpan<byte> slot)
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
        return lines.Length > 0
            && lines[0].StartsWith(_heading + " ", StringComparison.Ordinal)
            && long.TryParse(lines[0].AsSpan(_heading.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                ? (number, lines[1..])
                : null;
    }
}
