using IotProperty.Protocols.Mqtt;

namespace IotProperty.Edge.Uplink;

/// <summary>
/// Moves what collects in the link's output to the stream. Who adds bytes while nobody sends becomes the sender and sends from its own thread until
/// nothing is left; so an awaited publish costs one send and one receive, without a hop between tasks.
/// </summary>
/// <param name="gate">The link's lock.</param>
/// <param name="stream">The connection.</param>
/// <param name="outgoing">What collects; touched under the lock.</param>
/// <param name="drained">Called without the lock when bytes that had to wait for the peer have gone.</param>
/// <param name="failed">Called without the lock, with the reason, when the connection is broken.</param>
internal sealed class MqttSender(Lock gate, Stream stream, MqttOutgoing outgoing, Action drained, Action<string> failed)
{
    private TaskCompletionSource? _sent;
    private bool _sending;
    private bool _stopped;

    /// <summary>Under the lock. Whether the caller must call <see cref="Send"/> after leaving the lock.</summary>
    public bool BecomeSender()
    {
        if (_sending || outgoing.Count == 0)
        {
            return false;
        }

        _sending = true;
        return true;
    }

    /// <summary>Under the lock. As <see cref="BecomeSender"/>, for one who is only about to add bytes: others leave theirs to it meanwhile.</summary>
    public bool ClaimSending()
    {
        bool claimed = !_sending;
        _sending = true;
        return claimed;
    }

    /// <summary>Under the lock. Completes when nothing is being sent.</summary>
    public Task WhenSent() => _sending ? (_sent ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;

    /// <summary>Under the lock. The link has ended: nothing goes out any more.</summary>
    public void Stop() => _stopped = true;

    /// <summary>Sends until nothing is left. Called, without the lock, only by the one who became the sender.</summary>
    public void Send()
    {
        while (true)
        {
            ReadOnlyMemory<byte> bytes;
            lock (gate)
            {
                if (outgoing.Count == 0 || _stopped)
                {
                    _sending = false;
                    _sent?.TrySetResult();
                    return;
                }

                bytes = outgoing.TakeForSending();
            }

            ValueTask write;
            try
            {
                write = stream.WriteAsync(bytes);
                if (!write.IsCompletedSuccessfully)
                {
                    _ = SendSlowlyAsync(write);
                    return;
                }

                write.GetAwaiter().GetResult();
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                SendFailed(error);
                return;
            }
        }
    }

    private async Task SendSlowlyAsync(ValueTask write)
    {
        try
        {
            await write.ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            SendFailed(error);
            return;
        }

        drained();
        Send();
    }

    private void SendFailed(Exception error)
    {
        lock (gate)
        {
            _sending = false;
            _sent?.TrySetResult();
        }

        failed(error.Message);
    }
}
