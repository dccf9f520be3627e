namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>Where pulse counts outlive the program. Owned by one caller at a time.</summary>
public interface IPulseCountStore : IDisposable
{
    /// <summary>The counts as they stood when the store was opened.</summary>
    IReadOnlyDictionary<string, long> Counts { get; }

    /// <summary>Brings the counts to the disk; when it returns they are there.</summary>
    /// <exception cref="IOException">The disk refuses; what was written before stands.</exception>
    void Write(IReadOnlyDictionary<string, long> counts);
}
