using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace IotProperty.Edge.Storage;

/// <summary>
/// The pages of a SQLite store as they lie on disk, without SQLite: the file itself, and over it the frames of its write-ahead log. Where SQLite would stop at the first
/// frame that is damaged, the frames behind it are read too; what is in a page is believed only row by row, by its checksum. See "Database File Format" on sqlite.org,
/// sections 1.3 (header), 1.5 (freelist) and 4 (write-ahead log).
/// </summary>
internal sealed class StoreImage : IDisposable
{
    /// <summary>SQLite's default, and so that of every store.</summary>
    public const int PageBytes = 4096;

    private const int WalHeaderBytes = 32;
    private const int FrameHeaderBytes = 24;
    private const uint MaxPages = 1 << 24;

    private readonly SafeFileHandle? _file;
    private readonly SafeFileHandle? _wal;
    private readonly uint _filePages;

    /// <summary>Where a page's newest version lies in the log.</summary>
    private readonly Dictionary<uint, long> _newest = [];

    /// <summary>Places in the log of versions that a newer one has replaced.</summary>
    private readonly List<(uint Page, long At)> _replaced = [];

    private StoreImage(SafeFileHandle? file, SafeFileHandle? wal)
    {
        (_file, _wal) = (file, wal);
        _filePages = file is null ? 0 : (uint)Math.Min(MaxPages, (RandomAccess.GetLength(file) + PageBytes - 1) / PageBytes);
        ReadLog();
        Pages = Math.Max(_filePages, _newest.Keys.DefaultIfEmpty().Max());
    }

    /// <summary>Pages are numbered from 1 to this.</summary>
    public uint Pages { get; }

    /// <summary>Opens what is there of store and log; a part that is missing counts as empty.</summary>
    public static StoreImage Open(string path) => new(OpenPart(path), OpenPart(path + "-wal"));

    /// <summary>The newest version of a page; what lies beyond the end of the file reads as zero.</summary>
    public void Read(uint page, Span<byte> to)
    {
        if (_newest.TryGetValue(page, out long at))
        {
            Read(_wal, at, to);
        }
        else
        {
            Read(_file, (long)(page - 1) * PageBytes, to);
        }
    }

    /// <summary>Versions of pages that newer ones have replaced, the youngest first.</summary>
    public IEnumerable<(uint Page, byte[] Content)> Replaced()
    {
        byte[] content = new byte[PageBytes];
        foreach ((uint page, long at) in Enumerable.Reverse(_replaced))
        {
            Read(_wal, at, content);
            yield return (page, content);
        }

        foreach (uint page in _newest.Keys.Where(page => page <= _filePages))
        {
            Read(_file, (long)(page - 1) * PageBytes, content);
            yield return (page, content);
        }
    }

    /// <summary>Pages that hold nothing any more, though their former content may still stand in them. Ends where the chain is damaged.</summary>
    public HashSet<uint> FreePages()
    {
        HashSet<uint> free = [];
        byte[] page = new byte[PageBytes];
        if (Pages == 0)
        {
            return free;
        }

        Read(1, page);
        uint trunk = BinaryPrimitives.ReadUInt32BigEndian(page.AsSpan(32));
        while (trunk > 1 && trunk <= Pages && free.Add(trunk))
        {
            Read(trunk, page);
            uint leaves = BinaryPrimitives.ReadUInt32BigEndian(page.AsSpan(4));
            for (int leaf = 0; leaf < Math.Min(leaves, (PageBytes / 4) - 2); leaf++)
            {
                free.Add(BinaryPrimitives.ReadUInt32BigEndian(page.AsSpan(8 + (leaf * 4))));
            }

            trunk = BinaryPrimitives.ReadUInt32BigEndian(page);
        }

        return free;
    }

    public void Dispose()
    {
        _file?.Dispose();
        _wal?.Dispose();
    }

    private static SafeFileHandle? OpenPart(string path) =>
        File.Exists(path) ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.None) : null;

    private static void Read(SafeFileHandle? part, long at, Span<byte> to)
    {
        int length = 0;
        try
        {
            while (part is not null && length < to.Length && RandomAccess.Read(part, to[length..], at + length) is > 0 and int got)
            {
                length += got;
            }
        }
        catch (IOException)
        {
            // A sector that cannot be read costs what is in it, and reads as what lies beyond the end of the file.
        }

        to[length..].Clear();
    }

    /// <summary>
    /// Frames of the log's present round, up to its last commit. The log begins anew at its front with other salts; what is left of an earlier round has the former ones.
    /// </summary>
    private void ReadLog()
    {
        long length = _wal is null ? 0 : RandomAccess.GetLength(_wal);
        Span<byte> header = stackalloc byte[WalHeaderBytes];
        List<(uint Page, long At)> uncommitted = [];
        Read(_wal, 0, header);
        ulong salt = BinaryPrimitives.ReadUInt64BigEndian(header[16..]);
        for (long at = WalHeaderBytes; at + FrameHeaderBytes < length; at += FrameHeaderBytes + PageBytes)
        {
            Span<byte> frame = header[..FrameHeaderBytes];
            Read(_wal, at, frame);
            uint page = BinaryPrimitives.ReadUInt32BigEndian(frame);
            if (BinaryPrimitives.ReadUInt64BigEndian(frame[8..]) != salt || page is 0 or > MaxPages)
            {
                continue;
            }

            uncommitted.Add((page, at + FrameHeaderBytes));
            if (BinaryPrimitives.ReadUInt32BigEndian(frame[4..]) == 0)
            {
                continue;
            }

            foreach ((uint Page, long At) version in uncommitted)
            {
                if (_newest.TryGetValue(version.Page, out long former))
                {
                    _replaced.Add((version.Page, former));
                }

                _newest[version.Page] = version.At;
            }

            uncommitted.Clear();
        }
    }
}
