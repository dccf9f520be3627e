using System.Buffers.Binary;
using System.Security.Cryptography;
using IotProperty.Hub.Telemetry;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>SHA-256 over the samples of a series in order: time (8 bytes), the value's bits (8 bytes), mark (<see cref="SampleMark"/>, 1 byte), little-endian.</summary>
internal sealed class SampleHash : IDisposable
{
    private const int SampleBytes = sizeof(long) + sizeof(long) + 1;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[SampleBytes * 512];
    private int _length;

    public long Count { get; private set; }

    public void Add(StoredSample sample)
    {
        Span<byte> at = _buffer.AsSpan(_length);
        BinaryPrimitives.WriteInt64LittleEndian(at, sample.TimeMs);
        BinaryPrimitives.WriteInt64LittleEndian(at[sizeof(long)..], BitConverter.DoubleToInt64Bits(sample.Value));
        at[2 * sizeof(long)] = SampleMark.Of(sample.Quality, sample.ClockTrusted, sample.ClockCorrected);
        _length += SampleBytes;
        Count++;
        if (_length == _buffer.Length)
        {
            Flush();
        }
    }

    /// <summary>In hexadecimal.</summary>
    public string Take()
    {
        Flush();
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    public void Dispose() => _hash.Dispose();

    private void Flush()
    {
        _hash.AppendData(_buffer, 0, _length);
        _length = 0;
    }
}
