using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Lines;

/// <summary>A write that somebody waits for. Cancelling takes effect only while it has not been sent.</summary>
internal sealed class LineMessage(DeviceConfiguration device, ushort coil, bool value, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<DriverReply> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DeviceConfiguration Device => device;

    public ushort Coil => coil;

    public bool Value => value;

    /// <summary>Whether nobody waits any more.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    public Task<DriverReply> Completion => _completion.Task;

    public void Complete(DriverReply reply) => _completion.TrySetResult(reply);

    public void Cancel() => _completion.TrySetCanceled(cancellationToken);
}
