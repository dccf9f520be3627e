namespace IotProperty.Hub.Alarms;

/// <summary>Alarms for people. Safe for callers on any task.</summary>
public interface IAlarmDesk
{
    /// <summary>
    /// Newest first. <paramref name="activeOnly"/> leaves out those in <see cref="AlarmState.Normal"/>: what is left wants attention, be it
    /// active or unacknowledged.
    /// </summary>
    ValueTask<Page<Alarm>> ListAsync(string? site, bool activeOnly, PageRequest page, CancellationToken cancellationToken);

    ValueTask<AlarmDetail?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Refuses an alarm that nobody needs to acknowledge any more (conflict).</summary>
    ValueTask<Result<Alarm>> AcknowledgeAsync(string id, string by, string comment, CancellationToken cancellationToken);

    /// <summary>The edge's transitions as they were decided, by event time, oldest first.</summary>
    ValueTask<Page<StoredTransition>> TransitionsAsync(string site, PageRequest page, CancellationToken cancellationToken);
}
