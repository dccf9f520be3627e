namespace IotProperty.Transports.Linux;

/// <summary>Operations of flock(2).</summary>
internal static class FileLock
{
    /// <summary>LOCK_EX | LOCK_NB.</summary>
    public const int ExclusiveAtOnce = 2 | 4;
}
