using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

internal static partial class StorageLog
{
    [LoggerMessage(1200, LogLevel.Information, "Outbox {Path} is open: epoch {Epoch}, {Rows} batches of {Bytes} bytes are waiting")]
    public static partial void Opened(ILogger logger, string path, long epoch, int rows, long bytes);

    [LoggerMessage(1201, LogLevel.Error, "Outbox {Path} cannot be written: {Reason}")]
    public static partial void Failed(ILogger logger, string path, string reason);

    [LoggerMessage(1202, LogLevel.Information, "Outbox {Path} can be written again")]
    public static partial void Recovered(ILogger logger, string path);

    [LoggerMessage(1203, LogLevel.Warning, "Gap declared: {Records} records of lane {Lane}, epoch {Epoch}, batches {FirstSequence} to {LastSequence}: {Reason}")]
    public static partial void Gap(ILogger logger, int records, Lane lane, long epoch, long firstSequence, long lastSequence, string reason);

    [LoggerMessage(1204, LogLevel.Error, "Stored batch {Row} (lane {Lane}, epoch {Epoch}, sequence {Sequence}) is damaged and was set aside")]
    public static partial void RowDamaged(ILogger logger, long row, Lane lane, long epoch, long sequence);

    [LoggerMessage(1230, LogLevel.Warning, "The hub takes no tallies of the hours, so that nobody can prove there that nothing is missing: {Reason}")]
    public static partial void TalliesRefused(ILogger logger, string reason);

    [LoggerMessage(1231, LogLevel.Error, "What was written down of times that are still to be corrected cannot be read; records of before the clock was set stay as they are, suspect")]
    public static partial void CorrectionsUnreadable(ILogger logger);

    [LoggerMessage(1232, LogLevel.Error, "Too many stored batches are scattered among published ones; the newest of them keep the times of before the clock was set, suspect")]
    public static partial void TooManyCorrections(ILogger logger);

    [LoggerMessage(1206, LogLevel.Error, "{Samples} samples were lost in memory because the disk did not take them in time")]
    public static partial void SamplesLost(ILogger logger, int samples);

    [LoggerMessage(1207, LogLevel.Error, "Outbox {Path} is damaged ({Damage}): what can be read is carried over into a new file")]
    public static partial void Damaged(ILogger logger, string path, string damage);

    [LoggerMessage(1208, LogLevel.Warning, "Outbox {Path} was rescued: {Batches} batches and {States} entries of state were saved, {Gaps} gaps declared; the damaged file is {Quarantined}")]
    public static partial void Rescued(ILogger logger, string path, int batches, int states, int gaps, string quarantined);

    [LoggerMessage(1209, LogLevel.Warning, "{Path} cannot be used: {Reason}. The outbox does without; commits that its disk loses cannot be found out meanwhile")]
    public static partial void NotesUnusable(ILogger logger, string path, string reason);

    [LoggerMessage(1210, LogLevel.Warning, "A commit of outbox {Path} that the disk reported as failed was found to be {Outcome}")]
    public static partial void DoubtResolved(ILogger logger, string path, string outcome);
}
