using System.Diagnostics.CodeAnalysis;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tallies;
using Microsoft.Data.Sqlite;

namespace IotProperty.Edge.Storage;

/// <summary>
/// What the outbox asks of its file: a transaction at a time, synced to disk when <see cref="Commit"/> returns. Synchronous, and owned by one task.
/// Everything here may throw <see cref="SqliteException"/>; after one, the owner throws the object away and opens another. <see cref="OutboxDatabase"/> is the real
/// one; the simulation of the whole system puts a disk of its own in its place.
/// </summary>
internal interface IOutboxDatabase : IDisposable
{
    /// <inheritdoc cref="OutboxDatabase.InTransaction"/>
    bool InTransaction { get; }

    /// <inheritdoc cref="OutboxDatabase.ReadMark"/>
    CommitMark ReadMark();

    /// <inheritdoc cref="OutboxDatabase.WriteMark"/>
    void WriteMark(in CommitMark mark);

    /// <inheritdoc cref="OutboxDatabase.ReadIndex"/>
    IReadOnlyList<OutboxRow> ReadIndex();

    /// <inheritdoc cref="OutboxDatabase.ReadState"/>
    Dictionary<string, byte[]> ReadState();

    /// <inheritdoc cref="OutboxDatabase.TryRead"/>
    bool TryRead(in OutboxRow row, [NotNullWhen(true)] out byte[]? payload);

    /// <inheritdoc cref="OutboxDatabase.Begin"/>
    void Begin();

    /// <inheritdoc cref="OutboxDatabase.Commit"/>
    void Commit();

    /// <summary>What the file holds; null for a disk that has no bounds.</summary>
    StoreSize? Measure() => null;

    /// <inheritdoc cref="OutboxDatabase.WriteAgain"/>
    void WriteAgain();

    /// <inheritdoc cref="OutboxDatabase.Abandon()"/>
    void Abandon();

    /// <inheritdoc cref="OutboxDatabase.Insert(in OutboxRow, byte[])"/>
    void Insert(in OutboxRow row, byte[] payload);

    /// <inheritdoc cref="OutboxDatabase.Replace"/>
    void Replace(in OutboxRow row, byte[] payload);

    /// <inheritdoc cref="OutboxDatabase.Delete(long)"/>
    void Delete(long id);

    /// <inheritdoc cref="OutboxDatabase.SetAside"/>
    void SetAside(long id, string reason, long utcMs);

    /// <inheritdoc cref="OutboxDatabase.Write(in StateWrite)"/>
    void Write(in StateWrite write);

    /// <inheritdoc cref="OutboxDatabase.ReadTallies"/>
    IReadOnlyList<TallyRow> ReadTallies();

    /// <summary>Keeps a tally, in place of the one of the same hour.</summary>
    void Write(in TallyRow tally);

    /// <summary>Forgets a tally.</summary>
    void Delete(in TallyKey tally);
}
