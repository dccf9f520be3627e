using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>
/// SHA-256 over rows in the order of their keys, each column as a tag (0: null) and its canonical value: numbers in 8 bytes little-endian, text (UTF-8) and bytes behind
/// their length. Equal on both sides when, and only when, every value is.
/// </summary>
internal sealed class RowHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _buffer = new byte[256];
    private int _length;

    public long Rows { get; private set; }

    public void Add(TableMove table, object?[] row)
    {
        _length = 0;
        for (int i = 0; i < row.Length; i++)
        {
            Add(table.Columns[i].Kind, row[i]);
        }

        _hash.AppendData(_buffer, 0, _length);
        Rows++;
    }

    /// <summary>In hexadecimal.</summary>
    public string Take() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();

    private void Add(ColumnKind kind, object? value)
    {
        Room(9);
        _buffer[_length++] = value is null ? (byte)0 : (byte)(1 + (int)kind);
        switch (value)
        {
            case null:
                break;
            case long whole:
                Number(whole);
                break;
            case ulong digest:
                Number(unchecked((long)digest));
                break;
            case bool flag:
                Number(flag ? 1 : 0);
                break;
            case double real:
                Number(BitConverter.DoubleToInt64Bits(real));
                break;
            case DateOnly day:
                Number(day.DayNumber);
                break;
            case DateTime instant:
                Number(instant.Ticks / TimeSpan.TicksPerMicrosecond);
                break;
            case byte[] bytes:
                Number(bytes.Length);
                Room(bytes.Length);
                bytes.CopyTo(_buffer, _length);
                _length += bytes.Length;
                break;
            case string text:
                int length = Encoding.UTF8.GetByteCount(text);
                Number(length);
                Room(length);
                _length += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_length));
                break;
            default:
                throw new InvalidOperationException($"{value.GetType()} is no canonical value");
        }
    }

    private void Number(long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(_length), number);
        _length += sizeof(long);
    }

    private void Room(int bytes)
    {
        if (_buffer.Length - _length < bytes)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
        }
    }
}
