using System.Threading.Channels;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Lines;
using IotProperty.Protocols.Framing;

namespace IotProperty.Edge.Tests.Doubles;

/// <summary>The lines of a site: shows what was written, and answers as the test says.</summary>
internal sealed class RecordingWriter : ILineWriter
{
    private readonly Channel<(string, ushort, bool)> _written = Channel.CreateUnbounded<(string, ushort, bool)>();

    public Func<DriverReply> Answer { get; set; } = () => DriverReply.Ok;

    /// <summary>The bus on which exchanges are carried; null: there is none.</summary>
    public IBusExchange? Bus { get; set; }

    public bool Hang { get; set; }

    public bool IsQuiet => !_written.Reader.TryPeek(out _);

    public async Task<(string Device, ushort Coil, bool Value)> NextAsync() =>
        await _written.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    public async ValueTask<DriverReply> WriteCoilAsync(string device, ushort coil, bool value, CancellationToken cancellationToken)
    {
        if (Hang)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        DriverReply reply = Answer();
        Assert.True(_written.Writer.TryWrite((device, coil, value)));
        return reply;
    }

    public ValueTask<BusReply> ExchangeAsync(string device, IBusMaster session, BusTiming timing, CancellationToken cancellationToken) =>
        Bus?.ExchangeAsync(session, timing, cancellationToken) ?? ValueTask.FromResult(new BusReply(BusOutcome.LineDown, "no bus"));
}
