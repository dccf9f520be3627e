namespace IotProperty.Edge.Control;

/// <summary>Takes the commands that come from the hub.</summary>
public interface ICommandSink
{
    /// <summary>A command came. Never waits; what does not fit is dropped, counted, and answered when the hub repeats it.</summary>
    /// <param name="id">As the topic says.</param>
    /// <param name="payload">Unchanged afterwards.</param>
    void Post(string id, ReadOnlyMemory<byte> payload);
}
