using System.Globalization;

namespace IotProperty.Hub.Audit;

/// <summary>Where the chain breaks.</summary>
/// <param name="Sequence">The first entry that is not as it was written.</param>
/// <param name="What">In words, for the operator.</param>
public sealed record AuditBreak(long Sequence, string What);

/// <summary>
/// Follows the chain entry by entry. Give it all entries in order of their sequence (<see cref="Take"/>) until it finds a break, then <see cref="End"/>.
/// Used by one task.
/// </summary>
/// <param name="anchor">The hash of some entry, kept elsewhere: it must occur. Null when there is none.</param>
public sealed class AuditVerifier(string? anchor)
{
    private string _hash = AuditChain.Start;
    private bool _anchorSeen;

    /// <summary>How many entries were found in order.</summary>
    public long Verified { get; private set; }

    /// <summary>The last of them.</summary>
    public AuditHead Head => new(Verified, _hash);

    /// <summary>The break at this entry, or null.</summary>
    public AuditBreak? Take(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        long expected = Verified + 1;
        if (entry.Sequence != expected)
        {
            return entry.Sequence > expected
                ? new AuditBreak(expected, string.Create(CultureInfo.InvariantCulture, $"entry {expected} is missing: the next one that is there is {entry.Sequence}"))
                : new AuditBreak(entry.Sequence, string.Create(CultureInfo.InvariantCulture, $"entry {entry.Sequence} stands where entry {expected} belongs: it was put there"));
        }

        if (!string.Equals(entry.PreviousHash, _hash, StringComparison.Ordinal))
        {
            return new AuditBreak(
                expected,
                string.Create(CultureInfo.InvariantCulture, $"entry {expected} does not follow entry {expected - 1}: one of the two was changed, replaced or moved"));
        }

        if (!string.Equals(entry.Hash, AuditChain.HashOf(entry), StringComparison.Ordinal))
        {
            return new AuditBreak(expected, string.Create(CultureInfo.InvariantCulture, $"entry {expected} was changed: its content does not match its hash"));
        }

        Verified = expected;
        _hash = entry.Hash;
        _anchorSeen |= string.Equals(entry.Hash, anchor, StringComparison.OrdinalIgnoreCase);
        return null;
    }

    /// <summary>After the last entry: the break at the end, or null.</summary>
    /// <param name="head">What the ledger says the last entry is; null: it says nothing.</param>
    public AuditBreak? End(AuditHead? head)
    {
        if ((head?.Sequence ?? 0) != Verified)
        {
            return new AuditBreak(
                Verified + 1,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the entries after {Verified} are not what the ledger's head says ({(head is null ? "there is none" : $"the last one is {head.Sequence}")}): the end was cut off, or the head changed"));
        }

        if (head is not null && !string.Equals(head.Hash, _hash, StringComparison.Ordinal))
        {
            return new AuditBreak(Verified, string.Create(CultureInfo.InvariantCulture, $"entry {Verified} is not the one that the ledger's head names: it was replaced, or the head changed"));
        }

        return anchor is not null && !_anchorSeen && !string.Equals(anchor, AuditChain.Start, StringComparison.Ordinal)
            ? new AuditBreak(
                Verified + 1,
                string.Create(CultureInfo.InvariantCulture, $"no entry has the hash {anchor}: the end was cut off after entry {Verified} or the chain was written anew, or the hash is of another hub"))
            : null;
    }
}
