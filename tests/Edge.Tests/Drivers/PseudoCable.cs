using IotProperty.Transports;

namespace IotProperty.Edge.Tests.Drivers;

/// <summary>Two serial ports with a cable between them: what goes into one comes out of the other.</summary>
internal sealed class PseudoCable : IAsyncDisposable
{
    private readonly PseudoTerminal _left = PseudoTerminal.Open();
    private readonly PseudoTerminal _right = PseudoTerminal.Open();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _carrying;

    public PseudoCable() => _carrying = Task.WhenAll(CarryAsync(_left, _right), CarryAsync(_right, _left));

    public string Left => _left.SlavePath;

    public string Right => _right.SlavePath;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _carrying;
        await _left.DisposeAsync();
        await _right.DisposeAsync();
        _stop.Dispose();
    }

    private async Task CarryAsync(PseudoTerminal from, PseudoTerminal to)
    {
        byte[] buffer = new byte[512];
        try
        {
            while (true)
            {
                int count = await from.ReadAsync(buffer, _stop.Token);
                await to.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
