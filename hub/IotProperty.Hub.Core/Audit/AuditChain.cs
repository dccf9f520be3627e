using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Hub.Audit;

/// <summary>
/// How entries hang together: each carries the SHA-256 of the one before and of its own content, so that nothing before an entry can be changed, taken out or
/// put elsewhere without changing it too.
/// </summary>
public static class AuditChain
{
    /// <summary>What stands before the first entry.</summary>
    public static readonly string Start = new('0', 64);

    private const int MaxDetailChars = 500;
    private const int MaxNameChars = 200;

    /// <summary>Gives a note its place behind <paramref name="head"/>.</summary>
    public static AuditEntry Append(AuditHead head, AuditNote note, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(head);
        AuditEntry entry = new()
        {
            Sequence = head.Sequence + 1,
            AtMs = nowMs,
            ActorKind = note.Actor.Kind,
            Actor = Storable(note.Actor.Name, MaxNameChars),
            Action = note.Action,
            ObjectKind = note.ObjectKind,
            ObjectId = Storable(note.ObjectId, MaxNameChars),
            Site = Storable(note.Site, MaxNameChars),
            Origin = Storable(note.Actor.Origin, MaxNameChars),
            Outcome = note.Outcome,
            Detail = Storable(note.Detail, MaxDetailChars),
            PreviousHash = head.Hash,
            Hash = "",
        };
        return entry with { Hash = HashOf(entry) };
    }

    /// <summary>
    /// SHA-256, in lower-case hexadecimal, over the previous hash (32 bytes) and then the entry's fields in their order: numbers as 8 bytes, texts as their length
    /// in bytes of UTF-8 (8 bytes) and these bytes; all numbers big-endian. The lengths keep two fields from being taken for two others.
    /// </summary>
    /// <exception cref="FormatException"><see cref="AuditEntry.PreviousHash"/> is no hash.</exception>
    public static string HashOf(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Convert.FromHexString(entry.PreviousHash));
        Add(hash, entry.Sequence);
        Add(hash, entry.AtMs);
        Add(hash, (long)entry.ActorKind);
        Add(hash, entry.Actor);
        Add(hash, entry.Action);
        Add(hash, entry.ObjectKind);
        Add(hash, entry.ObjectId);
        Add(hash, entry.Site);
        Add(hash, entry.Origin);
        Add(hash, (long)entry.Outcome);
        Add(hash, entry.Detail);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        hash.AppendData(bytes);
    }

    private static void Add(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Add(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    /// <summary>One line that every database gives back as it took it: no control characters, whole code points, bounded.</summary>
    private static string Storable(string text, int maxChars)
    {
        StringBuilder kept = new(Math.Min(text.Length, maxChars));
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (kept.Length + rune.Utf16SequenceLength > maxChars)
            {
                return kept.Append('…').ToString();
            }

            kept.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }

        return kept.ToString();
    }
}
