using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Reconciliation;

/// <summary>What comparing one hour of one lane showed; a higher value weighs more. The numeric values are in the API's description and never change.</summary>
public enum HourVerdict : byte
{
    /// <summary>Neither side has anything, or both have the same.</summary>
    Equal = 0,

    /// <summary>The hour is not over, or so young that the edge's word about it may still be on its way; nothing can be said yet.</summary>
    Open = 1,

    /// <summary>One side keeps no tally of it: it is older than the tallies, or the edge has never told one.</summary>
    Unknown = 2,

    /// <summary>Records are missing, and the edge said so: which batches, and why.</summary>
    DeclaredGap = 3,

    /// <summary>All batches are here, and yet count or content differs.</summary>
    Different = 4,

    /// <summary>Batches are missing without a word.</summary>
    Missing = 5,
}

/// <summary>One boot epoch's part of an hour.</summary>
/// <param name="Epoch">The boot epoch.</param>
/// <param name="Verdict">What comparing it showed.</param>
/// <param name="Recorded">Records that the edge tells of; null when it tells of none.</param>
/// <param name="Received">Records that the hub has.</param>
/// <param name="Missing">Batches that are missing without a word.</param>
/// <param name="Gaps">What the edge declared about batches of this hour.</param>
public sealed record EpochComparison(
    long Epoch, HourVerdict Verdict, long? Recorded, long Received, IReadOnlyList<SequenceRange> Missing, IReadOnlyList<GapRecord> Gaps);

/// <summary>One hour of one lane.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="HourMs">Start of the hour; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Verdict">The gravest of its epochs'.</param>
/// <param name="Recorded">Records that the edge tells of.</param>
/// <param name="Received">Records that the hub has.</param>
/// <param name="Epochs">In ascending order.</param>
public sealed record HourComparison(Lane Lane, long HourMs, HourVerdict Verdict, long Recorded, long Received, IReadOnlyList<EpochComparison> Epochs)
{
    /// <summary>Whether something is lost, doubled or damaged and nobody has said so.</summary>
    public bool IsUndeclared => Verdict is HourVerdict.Missing or HourVerdict.Different;
}
