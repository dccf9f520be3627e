using System.IO.Pipelines;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// Moves one connection's outgoing bytes on. Sessions write into <see cref="Output"/> under the connection's lock; who then gets true from
/// <see cref="TryBegin"/>, under the lock too, calls <see cref="Send"/> after leaving it. So there is one sender at a time, and the network is never called
/// under the lock.
/// </summary>
internal sealed class MqttPipeSender(Lock gate, PipeWriter output)
{
    // A peer that does not read its acknowledgements is not listened to.
    private const int MaxUnsentBytes = 256 * 1024;

    private TaskCompletionSource? _sent;
    private bool _sending;

    /// <summary>What waits for its sender. Under the lock.</summary>
    public MqttOutgoing Output { get; } = new(initialBytes: 1024, keptBytes: 64 * 1024);

    /// <summary>Under the lock. Whether the caller must call <see cref="Send"/> after leaving the lock.</summary>
    public bool TryBegin()
    {
        if (_sending || Output.Count == 0)
        {
            return false;
        }

        _sending = true;
        return true;
    }

    /// <summary>Under the lock. Completes when nothing is on its way any more.</summary>
    public Task WhenSent() => _sending ? (_sent ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;

    /// <summary>Under the lock. Completed unless the peer reads so slowly that its connection should not be read either.</summary>
    public Task WhenReadable() => Output.Count > MaxUnsentBytes ? WhenSent() : Task.CompletedTask;

    /// <summary>Moves bytes on until nothing is left. Called, without the lock, only by the one who began.</summary>
    public void Send()
    {
        while (true)
        {
            ReadOnlyMemory<byte> bytes;
            lock (gate)
            {
                if (Output.Count == 0)
                {
                    Stop();
                    return;
                }

                bytes = Output.TakeForSending();
            }

            ValueTask<FlushResult> flush;
            try
            {
                flush = output.WriteAsync(bytes);
                if (!flush.IsCompletedSuccessfully)
                {
                    _ = SendSlowlyAsync(flush);
                    return;
                }

                flush.GetAwaiter().GetResult();
            }
            catch (Exception error) when (error is IOException or InvalidOperationException or OperationCanceledException)
            {
                Fail();
                return;
            }
        }
    }

    private async Task SendSlowlyAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            await flush.ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or OperationCanceledException)
        {
            Fail();
            return;
        }

        Send();
    }

    /// <summary>The connection is broken; the reading loop hears of it by itself and keeps the reason.</summary>
    private void Fail()
    {
        lock (gate)
        {
            Output.TakeForSending();
            Stop();
        }
    }

    private void Stop()
    {
        _sending = false;
        _sent?.TrySetResult();
        _sent = null;
    }
}
