using System.Threading.Channels;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;
using IotProperty.Transports;

namespace IotProperty.Edge.Tests.Drivers;

/// <summary>What a master wrote, and the silence that it wanted in front of it.</summary>
internal sealed record Spoken(string Hex, TimeSpan Silence);

/// <summary>A bus whose devices do what the test says. Opened anew it goes on as the same bus.</summary>
internal sealed class ScriptedBus : IPacedChannel
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly Lock _lock = new();
    private readonly Queue<byte> _waiting = new();
    private readonly Channel<Spoken> _spoken = Channel.CreateUnbounded<Spoken>();
    private Memory<byte> _destination;
    private TaskCompletionSource<int>? _reading;
    private TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _brokenBy;

    public string Endpoint => "scripted";

    public bool PeerHasClosed { get; set; }

    public int Opened { get; private set; }

    public int Available
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Opens it, unless it was told to refuse.</summary>
    public ValueTask<IPacedChannel> OpenAsync()
    {
        Opened++;
        PeerHasClosed = false;
        return _brokenBy is { } why ? throw new ChannelBrokenException(why) : ValueTask.FromResult<IPacedChannel>(this);
    }

    /// <summary>The next request.</summary>
    public async Task<Spoken> NextAsync() => await _spoken.Reader.ReadAsync().AsTask().WaitAsync(Soon);

    /// <summary>A sealed RTU frame appears on the bus.</summary>
    public void SayFrame(string unitAndPdu) => Say(Frame(unitAndPdu));

    /// <summary>Bytes appear on the bus.</summary>
    public void Say(string hex)
    {
        lock (_lock)
        {
            foreach (byte b in Convert.FromHexString(hex))
            {
                _waiting.Enqueue(b);
            }

            Deliver();
        }
    }

    /// <summary>Bytes arrive, but the reader that waits is told nothing: the box is too busy.</summary>
    public void SayBehindTheReader(string hex)
    {
        lock (_lock)
        {
            foreach (byte b in Convert.FromHexString(hex))
            {
                _waiting.Enqueue(b);
            }
        }
    }

    /// <summary>The port vanishes, as an unplugged adapter does.</summary>
    public void Break(string why)
    {
        lock (_lock)
        {
            _brokenBy = why;
            _reading?.TrySetException(new ChannelBrokenException(why));
            _reading = null;
        }
    }

    public void Repair() => _brokenBy = null;

    /// <summary>Lets time pass once the master listens.</summary>
    public async Task PassAsync(FakeTime time, double milliseconds)
    {
        await ListeningAsync();
        time.Advance(TimeSpan.FromMilliseconds(milliseconds));
    }

    /// <summary>Completes when the master waits for bytes and all that were said have been heard.</summary>
    public Task ListeningAsync()
    {
        lock (_lock)
        {
            return _listening.Task.WaitAsync(Soon);
        }
    }

    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        Task<int> reading;
        lock (_lock)
        {
            if (_brokenBy is { } why)
            {
                throw new ChannelBrokenException(why);
            }

            _destination = destination;
            _reading = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            reading = _reading.Task;
            Deliver();
            if (_reading is not null)
            {
                _listening.TrySetResult();
            }
        }

        await using CancellationTokenRegistration _ = cancellationToken.UnsafeRegister(
            static (state, token) => ((ScriptedBus)state!).Cancel(token), this);
        return await reading;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken) => WriteAfterSilenceAsync(source, TimeSpan.Zero, cancellationToken);

    public ValueTask WriteAfterSilenceAsync(ReadOnlyMemory<byte> source, TimeSpan silence, CancellationToken cancellationToken)
    {
        if (_brokenBy is { } why)
        {
            throw new ChannelBrokenException(why);
        }

        _spoken.Writer.TryWrite(new Spoken(Convert.ToHexString(source.Span), silence));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static string Frame(string unitAndPdu)
    {
        byte[] bytes = Convert.FromHexString(unitAndPdu);
        byte[] adu = new byte[ModbusRtuFrame.MaxBytes];
        bytes.CopyTo(adu, 0);
        return Convert.ToHexString(adu.AsSpan(0, ModbusRtuFrame.Seal(adu, bytes[0], bytes.Length - 1)));
    }

    private void Cancel(CancellationToken token)
    {
        lock (_lock)
        {
            if (_listening.Task.IsCompleted)
            {
                _listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            _reading?.TrySetCanceled(token);
            _reading = null;
        }
    }

    private void Deliver()
    {
        if (_reading is null || _waiting.Count == 0)
        {
            return;
        }

        int count = Math.Min(_waiting.Count, _destination.Length);
        for (int i = 0; i < count; i++)
        {
            _destination.Span[i] = _waiting.Dequeue();
        }

        if (_listening.Task.IsCompleted)
        {
            // Who waits already for the master to listen goes on waiting.
            _listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _reading.TrySetResult(count);
        _reading = null;
    }
}
