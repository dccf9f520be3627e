using IotProperty.Transports;

namespace IotProperty.Edge.Tests.Commands.Scanning;

/// <summary>A serial port with a line behind it. Requests are short and written at once, so each arrives whole.</summary>
internal sealed class ServedPort : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly PseudoTerminal _port = PseudoTerminal.Open();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public ServedPort(TestLine line) => _serving = ServeAsync(line);

    public string Path => _port.SlavePath;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving.WaitAsync(Soon);
        await _port.DisposeAsync();
        _stop.Dispose();
    }

    private async Task ServeAsync(TestLine line)
    {
        byte[] buffer = new byte[512];
        try
        {
            while (true)
            {
                int count = await _port.ReadAsync(buffer, _stop.Token);
                await _port.WriteAsync(line.Ask(buffer[..count]), _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
