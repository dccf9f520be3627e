namespace IotProperty.Simulators.Ledger;

/// <summary>
/// An append-only log in numbered files of bounded size and number: the oldest file goes when the newest is full. Every file begins with the same header
/// and holds whole records only. Appending and reading may run on different tasks; a reader sees everything appended before it began.
/// </summary>
public sealed class SegmentedLog : IDisposable
{
    private readonly string _folder;
    private readonly string _name;
    private readonly byte[] _header;
    private readonly long _segmentBytes;
    private readonly int _segmentCount;
    private readonly Lock _lock = new();
    private FileStream _current;
    private int _number;

    /// <param name="folder">Where the files lie; made if it is not there.</param>
    /// <param name="name">The files are called <c>NAME-000001.log</c> and so on; numbers go on after a restart.</param>
    /// <param name="header">What each file begins with.</param>
    /// <param name="segmentBytes">A file that has reached this size is followed by a new one.</param>
    /// <param name="segmentCount">How many files are kept, the newest included.</param>
    public SegmentedLog(string folder, string name, ReadOnlySpan<byte> header, long segmentBytes, int segmentCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(segmentBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(segmentCount, 2);
        (_folder, _name, _header, _segmentBytes, _segmentCount) = (folder, name, header.ToArray(), segmentBytes, segmentCount);
        Directory.CreateDirectory(folder);
        _number = Segments().Select(NumberOf).DefaultIfEmpty(0).Max();
        _current = StartSegment();
    }

    /// <summary>Appends one whole record; throws <see cref="IOException"/> when the disk does not take it, for a ledger with holes is none.</summary>
    public void Append(ReadOnlySpan<byte> record)
    {
        lock (_lock)
        {
            if (_current.Position >= _segmentBytes)
            {
                _current.Dispose();
                _current = StartSegment();
            }

            _current.Write(record);
        }
    }

    /// <summary>The files as they are now, oldest first, each open for reading without its header and with the length up to which it is whole.</summary>
    public IEnumerable<(FileStream File, long Length)> Read()
    {
        List<(string Path, long Length)> files = [];
        lock (_lock)
        {
            _current.Flush();
            files.AddRange(Segments().Select(path => (path, new FileInfo(path).Length)));
        }

        foreach ((string path, long length) in files)
        {
            FileStream file;
            try
            {
                file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            }
            catch (FileNotFoundException)
            {
                // The oldest file may go between the listing and now: what it held is no longer in the log.
                continue;
            }

            using (file)
            {
                file.Position = _header.Length;
                yield return (file, length);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _current.Dispose();
        }
    }

    private FileStream StartSegment()
    {
        _number++;
        // Unbuffered: what was shown to a master stays known although this process is killed.
        FileStream file = new(
            Path.Combine(_folder, $"{_name}-{_number:D6}.log"), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        file.Write(_header);
        foreach (string old in Segments().SkipLast(_segmentCount))
        {
            File.Delete(old);
        }

        return file;
    }

    private string[] Segments() => [.. Directory.GetFiles(_folder, $"{_name}-*.log").OrderBy(NumberOf)];

    private int NumberOf(string path)
    {
        string digits = Path.GetFileNameWithoutExtension(path)[(_name.Length + 1)..];
        return int.TryParse(digits, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number) ? number : 0;
    }
}
