namespace IotProperty.Hub.Access;

/// <summary>What happened at doors and gates. Safe for callers on any task.</summary>
public interface IAccessLog
{
    /// <summary>By event time, newest first.</summary>
    ValueTask<Page<AccessEventRecord>> ListAsync(string? site, PageRequest page, CancellationToken cancellationToken);
}
