using System.Threading.Channels;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Tests.Lines;

/// <summary>A request that waits for the test's answer.</summary>
internal sealed record DriverRequest(string What, string Device, ushort Address, Memory<ushort> Registers, bool Value, TaskCompletionSource<DriverReply> Reply)
{
    public void Answer(params ushort[] registers)
    {
        registers.CopyTo(Registers);
        Reply.SetResult(DriverReply.Ok);
    }

    public void Fail(DriverOutcome outcome) => Reply.SetResult(new DriverReply(outcome, ModbusExceptionCode.None, "scripted"));
}

/// <summary>A driver whose every request the test answers by hand.</summary>
internal sealed class ScriptedDriver : ILineDriver
{
    private readonly Channel<DriverRequest> _requests = Channel.CreateUnbounded<DriverRequest>();

    /// <summary>The next request, within a generous bound.</summary>
    public async Task<DriverRequest> NextAsync()
    {
        using CancellationTokenSource bound = new(TimeSpan.FromSeconds(20));
        return await _requests.Reader.ReadAsync(bound.Token);
    }

    public ValueTask<DriverReply> ReadAsync(DeviceConfiguration device, ReadBlock block, BlockValues values, CancellationToken cancellationToken) =>
        block is RegisterBlock { IsBits: false } registers
            ? AskAsync(new DriverRequest("read", device.Id, registers.Address, values.Registers.AsMemory(0, registers.Count), false, New()), cancellationToken)
            : throw new NotSupportedException("these tests read registers only");

    public ValueTask<DriverReply> WriteRegistersAsync(DeviceConfiguration device, ushort address, ReadOnlyMemory<ushort> values, CancellationToken cancellationToken) =>
        throw new NotSupportedException("lines write coils only");

    public ValueTask<DriverReply> WriteCoilAsync(DeviceConfiguration device, ushort address, bool value, CancellationToken cancellationToken) =>
        AskAsync(new DriverRequest("write", device.Id, address, default, value, New()), cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<DriverReply> AskAsync(DriverRequest request, CancellationToken cancellationToken)
    {
        await _requests.Writer.WriteAsync(request, cancellationToken);
        return await request.Reply.Task.WaitAsync(cancellationToken);
    }

    private static TaskCompletionSource<DriverReply> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
