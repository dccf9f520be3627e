using System.Runtime.InteropServices;

namespace IotProperty.Edge.Commands;

/// <summary>Ctrl-C and SIGTERM as a token, for as long as a command runs; the command ends in its own order.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration _terminated;
    private readonly PosixSignalRegistration _interrupted;

    public StopSignals()
    {
        _terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        _interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        _terminated.Dispose();
        _interrupted.Dispose();
        _stop.Dispose();
    }

    private void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _stop.Cancel();
    }
}
