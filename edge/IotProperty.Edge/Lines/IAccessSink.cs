using IotProperty.Edge.Access;

namespace IotProperty.Edge.Lines;

/// <summary>
/// Who decides upon credentials. The line task calls it when a controller's swipe counter moved, after reading its ring, and at the first good read after
/// the line started (so that swipes of the edge's absence are seen). The decision's effects come back as messages through <see cref="ILineWriter"/>:
/// the callee must not wait for them inside the call, for the caller is the task that would carry them out.
/// </summary>
public interface IAccessSink
{
    /// <param name="device">The door or gate.</param>
    /// <param name="sequence">The controller's counter as it stood before the ring was read; entries may already be newer.</param>
    /// <param name="entries">The ring as it lies in the controller, oldest not necessarily first, unused slots left out. Valid only during the call.</param>
    /// <param name="now">When the ring had arrived.</param>
    void OnSwipes(string device, ushort sequence, ReadOnlySpan<SwipeEntry> entries, Moment now);
}
