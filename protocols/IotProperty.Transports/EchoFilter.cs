using System.Globalization;
using System.Runtime.CompilerServices;

namespace IotProperty.Transports;

/// <summary>
/// Takes the echo out of what a two-wire adapter hears while it sends: exactly the bytes just sent, as long as they come back as they were. A differing byte means
/// that somebody else was talking at the same time, or that this adapter has no echo; then nothing is taken out, and the collision is counted. One owner, one read and
/// one write at a time, as with any channel.
/// </summary>
public sealed class EchoFilter : IPacedChannel
{
    private readonly IPacedChannel _inner;
    private readonly Action<string>? _collided;

    /// <summary>What was sent last and is to be heard; <see cref="_matched"/> bytes of it were heard and held back.</summary>
    private byte[] _expected = new byte[512];
    private int _length;
    private int _matched;

    /// <summary>Heard before the difference, and to be handed out now: <see cref="_expected"/> from <see cref="_returned"/> to <see cref="_toReturn"/>.</summary>
    private int _returned;
    private int _toReturn;

    /// <summary>Bytes that had arrived before anything was sent and can be no echo.</summary>
    private int _before;
    private readonly byte[] _heard = new byte[512];
    private int _heardStart;
    private int _heardEnd;

    /// <param name="inner">Owned from here on.</param>
    /// <param name="collided">Told of each collision, for people: <see cref="LastCollision"/>.</param>
    public EchoFilter(IPacedChannel inner, Action<string>? collided = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        (_inner, _collided) = (inner, collided);
    }

    public string Endpoint => _inner.Endpoint;

    public bool PeerHasClosed => Held == 0 && _inner.PeerHasClosed;

    /// <summary>At most so many bytes would be read at once: an echo that is on its way counts until it is looked at.</summary>
    public int Available => Held + _inner.Available;

    /// <summary>How often another byte was heard than the one that was sent.</summary>
    public long Collisions { get; private set; }

    /// <summary>How often the next request was sent before the echo of the last one was whole: nothing came back.</summary>
    public long MissingEchoes { get; private set; }

    /// <summary>For people: the last collision, such as <c>byte 3 of 8 was sent as 1F and heard as 1B</c>; empty before the first.</summary>
    public string LastCollision { get; private set; } = "";

    private int Held => _toReturn - _returned + (_heardEnd - _heardStart);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        while (Held == 0)
        {
            if (_matched == _length || _before > 0)
            {
                Memory<byte> room = _before > 0 && _before < destination.Length ? destination[.._before] : destination;
                int passed = await _inner.ReadAsync(room, cancellationToken).ConfigureAwait(false);
                _before = Math.Max(0, _before - passed);
                return passed;
            }

            int count = await _inner.ReadAsync(_heard, cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                return 0;
            }

            Compare(count);
        }

        return Take(destination.Span);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        Expect(source.Span);
        return _inner.WriteAsync(source, cancellationToken);
    }

    public ValueTask WriteAfterSilenceAsync(ReadOnlyMemory<byte> source, TimeSpan silence, CancellationToken cancellationToken)
    {
        Expect(source.Span);
        return _inner.WriteAfterSilenceAsync(source, silence, cancellationToken);
    }

    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private void Expect(ReadOnlySpan<byte> sent)
    {
        MissingEchoes += _matched < _length ? 1 : 0;
        if (sent.Length > _expected.Length)
        {
            Array.Resize(ref _expected, sent.Length);
        }

        // What was held back and is not handed out yet belonged to the exchange before.
        (_returned, _toReturn) = (0, 0);
        sent.CopyTo(_expected);
        (_length, _matched) = (sent.Length, 0);
        _before = _inner.Available;
    }

    private void Compare(int count)
    {
        ReadOnlySpan<byte> heard = _heard.AsSpan(0, count);
        ReadOnlySpan<byte> awaited = _expected.AsSpan(_matched, Math.Min(count, _length - _matched));
        int same = heard.CommonPrefixLength(awaited);
        (_heardStart, _heardEnd) = (same, count);
        if (same == awaited.Length)
        {
            _matched += same;
            return;
        }

        int at = _matched + same;
        Collisions++;
        LastCollision = string.Create(
            CultureInfo.InvariantCulture, $"byte {at + 1} of {_length} was sent as {_expected[at]:X2} and heard as {heard[same]:X2}");
        (_returned, _toReturn) = (0, at);
        _matched = _length;
        _collided?.Invoke(LastCollision);
    }

    private int Take(Span<byte> destination)
    {
        int returned = Math.Min(_toReturn - _returned, destination.Length);
        _expected.AsSpan(_returned, returned).CopyTo(destination);
        _returned += returned;
        int heard = Math.Min(_heardEnd - _heardStart, destination.Length - returned);
        _heard.AsSpan(_heardStart, heard).CopyTo(destination[returned..]);
        _heardStart += heard;
        return returned + heard;
    }
}
