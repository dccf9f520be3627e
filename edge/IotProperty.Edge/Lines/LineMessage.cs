using System.Diagnostics;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Tracing;

namespace IotProperty.Edge.Lines;

/// <summary>Something that the line's own task does for another one. Cancelling takes effect only while it has not begun.</summary>
internal abstract class LineMessage(CancellationToken cancellationToken)
{
    /// <summary>The journey of whoever wants it.</summary>
    public ActivityContext Trace { get; } = EdgeTraces.Source.Here();

    /// <summary>How its span is called.</summary>
    public abstract string SpanName { get; }

    protected CancellationToken GivenUp => cancellationToken;

    /// <summary>Whether nobody waits any more.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <summary>Does it and tells whoever waits.</summary>
    public abstract ValueTask CarryOutAsync(ILineDriver driver, CancellationToken stopping);

    /// <summary>Tells the span of it how it ended; called when it is done.</summary>
    public abstract void Describe(Activity span);

    /// <summary>Tells that it was given up in time.</summary>
    public abstract void Cancel();

    /// <summary>Tells that it was not done.</summary>
    public abstract void Fail(string why);
}

internal abstract class LineMessage<TReply>(CancellationToken cancellationToken) : LineMessage(cancellationToken)
{
    private readonly TaskCompletionSource<TReply> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TReply> Completion => _completion.Task;

    public override async ValueTask CarryOutAsync(ILineDriver driver, CancellationToken stopping) => _completion.TrySetResult(await AskAsync(driver, stopping));

    public override void Cancel() => _completion.TrySetCanceled(GivenUp);

    public override void Fail(string why) => _completion.TrySetResult(Down(why));

    protected abstract ValueTask<TReply> AskAsync(ILineDriver driver, CancellationToken stopping);

    protected abstract TReply Down(string why);
}

/// <summary>Writes a coil.</summary>
internal sealed class CoilMessage(DeviceConfiguration device, ushort coil, bool value, CancellationToken cancellationToken) : LineMessage<DriverReply>(cancellationToken)
{
    public override string SpanName => "line.write";

    public override void Describe(Activity span)
    {
        span.SetTag(EdgeTraces.Device, device.Id);
        span.Ended(Completion.Result);
    }

    protected override ValueTask<DriverReply> AskAsync(ILineDriver driver, CancellationToken stopping) => driver.WriteCoilAsync(device, coil, value, stopping);

    protected override DriverReply Down(string why) => new(DriverOutcome.LineDown, ModbusExceptionCode.None, why);
}

/// <summary>Carries an exchange of somebody else's session.</summary>
internal sealed class ExchangeMessage(IBusMaster session, BusTiming timing, CancellationToken cancellationToken) : LineMessage<BusReply>(cancellationToken)
{
    public override string SpanName => "line.exchange";

    public override void Describe(Activity span) => span.SetTag(Spans.Outcome, Completion.Result.Outcome.ToString());

    protected override ValueTask<BusReply> AskAsync(ILineDriver driver, CancellationToken stopping) => driver is IBusExchange bus
        ? bus.ExchangeAsync(session, timing, stopping)
        : ValueTask.FromResult(Down("the line is no bus"));

    protected override BusReply Down(string why) => new(BusOutcome.LineDown, why);
}
