using System.Collections.Concurrent;
using System.Collections.Immutable;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Broker;

/// <summary>What all replicas of a hub have committed: the one database that they share.</summary>
internal sealed class SharedStore
{
    private readonly ConcurrentDictionary<BatchKey, (string Hash, Batch Batch)> _committed = [];

    public IEnumerable<Batch> Batches => _committed.Values.Select(committed => committed.Batch);

    public void Commit(Batch batch, string hash) => Assert.Equal(hash, _committed.GetOrAdd(batch.Key, (hash, batch)).Hash);
}

/// <summary>One replica's ingest: decodes, commits by key, and writes down which states it heard. Can be made to hang, as a process does that is stopped.</summary>
internal sealed class KeyedIngest(SharedStore store) : IUplinkIngest
{
    private readonly TaskCompletionSource _dead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _caught = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _hangs;
    private int _accepted;
    private ImmutableList<EdgeState> _states = [];

    public int Accepted => Volatile.Read(ref _accepted);

    public IReadOnlyList<EdgeState> States => Volatile.Read(ref _states);

    /// <summary>Completes when a batch was given to an ingest that hangs.</summary>
    public Task Caught => _caught.Task;

    /// <summary>From now on nothing is committed or answered.</summary>
    public void Hang() => _hangs = true;

    /// <summary>What hangs ends, without a commit.</summary>
    public void Die() => _dead.TrySetException(new IOException("the process is gone"));

    public async ValueTask<Receipt?> AcceptAsync(string site, Lane lane, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (_hangs)
        {
            _caught.TrySetResult();
            await _dead.Task;
        }

        DecodedBatch decoded = BatchCodec.Decode(payload.Span);
        Assert.Equal("", decoded.Why);
        Assert.Equal((site, lane), (decoded.Batch!.Key.Site, decoded.Batch.Key.Lane));
        store.Commit(decoded.Batch, Convert.ToHexString(ContentHash.Of(payload.Span)));
        Interlocked.Increment(ref _accepted);
        return new Receipt(decoded.Batch.Key, ReceiptStatus.Committed, "");
    }

    public ValueTask AcceptStateAsync(string site, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        Decoded<EdgeState> state = EdgeStateCodec.Decode(payload.Span);
        Assert.True(state.Done, state.Why);
        ImmutableInterlocked.Update(ref _states, static (states, added) => states.Add(added), state.Value);
        return ValueTask.CompletedTask;
    }
}
