namespace IotProperty.Protocols.Tests.Fuzzing;

/// <summary>Makes the inputs of a run: random bytes, frames, and mutated frames. Input <c>n</c> of a seed is always the same.</summary>
internal sealed class FuzzInputs(IFuzzedCodec codec, ulong seed, IReadOnlyList<byte[]> outside)
{
    /// <summary>Longer frames are cut: what lies behind is more of the same.</summary>
    private const int MaxBytes = 4_096;

    /// <summary>After so many inputs new frames are made.</summary>
    private const int InputsPerPool = 100_000;

    private const int MaxRandomBytes = 300;

    private const int MaxRepeatedBytes = 32;

    /// <summary>Bytes with a meaning in one of the protocols.</summary>
    private static readonly byte[] Telling = [0x00, 0x01, 0x03, 0x10, 0x16, 0x68, 0x7F, 0x80, 0x81, 0xAA, 0xE5, 0xFE, 0xFF];

    private readonly byte[] _buffer = new byte[MaxBytes];
    private byte[][] _pool = [];
    private long _poolNumber = -1;
    private int _length;

    /// <summary>The input with that number; valid until the next call.</summary>
    public ReadOnlySpan<byte> Make(long index)
    {
        FillPool(index / InputsPerPool);
        FuzzRandom random = FuzzRandom.Of(seed, codec.Name, index);
        _length = 0;
        switch (random.Below(20))
        {
            case 0:
                Append(ref random, random.Below(MaxRandomBytes), telling: false);
                break;
            case 1:
                Append(ref random, random.Below(MaxRandomBytes), telling: true);
                break;
            case 2:
                Insert(_length, Frame(ref random));
                break;
            default:
                Mutated(ref random);
                break;
        }

        return _buffer.AsSpan(0, _length);
    }

    private void FillPool(long number)
    {
        if (_poolNumber == number)
        {
            return;
        }

        FuzzRandom random = FuzzRandom.Of(seed, codec.Name, -1 - number);
        _pool = [.. codec.Frames(random.Next()), .. outside];
        _poolNumber = number;
    }

    private byte[] Frame(ref FuzzRandom random) => _pool[random.Below(_pool.Length)];

    private void Mutated(ref FuzzRandom random)
    {
        Insert(0, Frame(ref random));
        int mutations = 1 + random.Below(4);
        for (int i = 0; i < mutations; i++)
        {
            Mutate(ref random);
        }

        if (random.OneIn(2))
        {
            codec.Seal(_buffer.AsSpan(0, _length));
        }
    }

    private void Mutate(ref FuzzRandom random)
    {
        if (_length == 0)
        {
            Append(ref random, 1 + random.Below(8), telling: true);
            return;
        }

        int at = random.Below(_length);
        switch (random.Below(9))
        {
            case 0:
                _buffer[at] ^= (byte)(1 << random.Below(8));
                break;
            case 1:
                _buffer[at] = random.Byte();
                break;
            case 2:
                _buffer[at] = Telling[random.Below(Telling.Length)];
                break;
            case 3:
                Insert(at, [random.Byte(), random.Byte(), random.Byte()], random.Below(4));
                break;
            case 4:
                Delete(at, 1 + random.Below(8));
                break;
            case 5:
                _length = at;
                break;
            case 6:
                Insert(_length, Frame(ref random));
                break;
            case 7:
                byte[] other = Frame(ref random);
                int from = random.Below(Math.Max(1, other.Length));
                Insert(at, other.AsSpan(from), Math.Min(other.Length - from, random.Below(64)));
                break;
            default:
                Span<byte> again = stackalloc byte[MaxRepeatedBytes];
                again = again[..Math.Min(_length - at, 1 + random.Below(MaxRepeatedBytes))];
                _buffer.AsSpan(at, again.Length).CopyTo(again);
                Insert(at, again);
                break;
        }
    }

    private void Append(ref FuzzRandom random, int count, bool telling)
    {
        for (int i = 0; i < count && _length < MaxBytes; i++)
        {
            _buffer[_length++] = telling && !random.OneIn(4) ? Telling[random.Below(Telling.Length)] : random.Byte();
        }
    }

    private void Insert(int at, ReadOnlySpan<byte> bytes, int count = int.MaxValue)
    {
        int inserted = Math.Min(Math.Min(bytes.Length, count), MaxBytes - _length);
        _buffer.AsSpan(at, _length - at).CopyTo(_buffer.AsSpan(at + inserted));
        bytes[..inserted].CopyTo(_buffer.AsSpan(at));
        _length += inserted;
    }

    private void Delete(int at, int count)
    {
        int deleted = Math.Min(count, _length - at);
        _buffer.AsSpan(at + deleted, _length - at - deleted).CopyTo(_buffer.AsSpan(at));
        _length -= deleted;
    }
}
