using IotProperty.Edge.Outbox;
using Microsoft.Data.Sqlite;

namespace IotProperty.Edge.Storage;

/// <summary>
/// Watches how much room the disk leaves for rows, and keeps a reserve file beside the store: when somebody else has filled the disk, the reserve is given up, so that
/// rows can be dropped and events stored (a deletion needs room in the log, too). Owned by the store's task.
/// </summary>
internal sealed class StoreSpace(string path, OutboxSettings settings)
{
    /// <summary>How often the disk is asked.</summary>
    public const int EveryMs = 1_000;

    /// <summary>SQLITE_FULL.</summary>
    private const int Full = 13;

    /// <summary>ENOSPC, in the low bits of an <see cref="Exception.HResult"/>.</summary>
    private const int NoSpace = 28;

    private readonly string _reserve = Path.ChangeExtension(path, ".reserve");

    /// <summary>What the reserve holds, and what rows leave free on the disk beside it: the store's log needs some, and so does everybody else.</summary>
    private readonly long _reserveBytes = Math.Clamp(settings.MaxBytes / 32, 1 << 20, 8 << 20);

    /// <summary>Whether rows have less room than their quota, because the disk is nearly full.</summary>
    public bool IsLow { get; private set; }

    public static bool IsFull(Exception error) =>
        error is SqliteException { SqliteErrorCode: Full } || (error is IOException && (error.HResult & 0xFFFF) == NoSpace);

    /// <summary>How many bytes the rows may take, and why no more; null where nothing can be measured.</summary>
    /// <param name="database">The store.</param>
    /// <param name="rowsBytes">What they take now, as the queue counts.</param>
    public (long Bytes, string Reason)? Measure(IOutboxDatabase database, long rowsBytes)
    {
        if (database.Measure() is not { } size)
        {
            return null;
        }

        long free = FreeBytes();
        KeepReserve(ref free);
        long used = (size.Pages - size.FreePages) * StoreImage.PageBytes;

        // Pages that are still in the log only will lengthen the file.
        long growth = Math.Max(0, (size.Pages * StoreImage.PageBytes) - new FileInfo(path).Length);
        long byDisk = (size.FreePages * StoreImage.PageBytes) + Math.Max(0, free - growth - _reserveBytes);

        // What lies beside the rows is bounded, and may not crowd them out of a small quota.
        long byQuota = Math.Max(settings.MaxBytes - used, (settings.MaxBytes / 2) - rowsBytes);
        IsLow = byDisk < byQuota && byDisk < _reserveBytes;
        return byDisk < byQuota ? (rowsBytes + byDisk, "disk full") : (rowsBytes + byQuota, "disk quota");
    }

    /// <summary>The disk is full: gives up the reserve.</summary>
    public void Release()
    {
        IsLow = true;
        File.Delete(_reserve);
    }

    private void KeepReserve(ref long free)
    {
        if (File.Exists(_reserve) || free < 3 * _reserveBytes)
        {
            return;
        }

        try
        {
            // Allocated, and not only written down as long: an empty file with a size takes nothing from the disk.
            using FileStream reserve = new(_reserve, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, PreallocationSize = _reserveBytes });
            reserve.SetLength(_reserveBytes);
            free -= _reserveBytes;
        }
        catch (IOException taken) when (IsFull(taken))
        {
            File.Delete(_reserve);
        }
    }

    private long FreeBytes() => new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(path))!).AvailableFreeSpace;
}

/// <summary>What a store's file holds.</summary>
/// <param name="Pages">Pages of the file.</param>
/// <param name="FreePages">Those of them that hold nothing and are used again first.</param>
internal readonly record struct StoreSize(long Pages, long FreePages);
