namespace IotProperty.Edge.Uplink;

/// <summary>Reads a link's stream until it ends, and hands on what has come.</summary>
/// <param name="stream">The connection.</param>
/// <param name="maximumPacketSize">Our own, which bounds the buffer.</param>
/// <param name="process">Takes all bytes that are there and answers how many it has used up; the others come again with those that follow.</param>
/// <param name="ended">Told once why there is nothing more to read.</param>
internal sealed class MqttReadLoop(Stream stream, int maximumPacketSize, Func<ReadOnlyMemory<byte>, int> process, Action<string> ended)
{
    /// <summary>The reason of an end about which the peer has not said a word.</summary>
    public const string ClosedByServer = "the server closed the connection";

    private const int ReadBytes = 16 * 1024;

    /// <summary>Ends with the connection; throws only for a broken invariant of our own.</summary>
    public async Task RunAsync()
    {
        byte[] buffer = new byte[ReadBytes];
        int count = 0;
        try
        {
            while (true)
            {
                int read = await stream.ReadAsync(buffer.AsMemory(count)).ConfigureAwait(false);
                if (read == 0)
                {
                    ended(ClosedByServer);
                    return;
                }

                count += read;
                int consumed = process(buffer.AsMemory(0, count));
                count -= consumed;
                if (consumed > 0 && count > 0)
                {
                    Buffer.BlockCopy(buffer, consumed, buffer, 0, count);
                }

                if (count == buffer.Length)
                {
                    Array.Resize(ref buffer, Math.Min(buffer.Length * 2, maximumPacketSize + ReadBytes));
                }
                else if (count == 0 && buffer.Length > ReadBytes)
                {
                    buffer = new byte[ReadBytes];
                }
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // What TLS has to say, such as that the certificate was revoked, stands innermost.
            ended(error.GetBaseException().Message);
        }
        catch (Exception error)
        {
            // Nobody may wait for ever, and who awaits this task gets the error.
            ended($"{error.GetType().Name}: {error.Message}");
            throw;
        }
    }
}
