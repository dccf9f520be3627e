using System.Buffers.Binary;
using System.Text;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Simulators.Ledger;

/// <summary>
/// Remembers every answered read on disk. One record: time (8 bytes), line (1), unit (1), table (1), address (2), count (2), then the values (2 each), all
/// big-endian. At the demo's pace that is 5 KB/s; 16 files of 32 MB hold more than a day.
/// </summary>
public sealed class RegisterLedger : IDisposable
{
    private const int HeaderBytes = 15;
    private const int MostValues = 2000;

    private readonly SegmentedLog _log;
    private readonly IReadOnlyList<string> _lines;
    private readonly byte[] _record = new byte[HeaderBytes + (2 * MostValues)];
    private long _count;

    public RegisterLedger(string folder, IReadOnlyList<string> lines, long segmentBytes = 32 << 20, int segmentCount = 16)
    {
        _lines = lines;
        byte[] header = Encoding.ASCII.GetBytes($"iotp-register-ledger 1 {string.Join(',', lines)}\n");
        _log = new SegmentedLog(folder, "reads", header, segmentBytes, segmentCount);
    }

    /// <summary>Reads recorded since the start.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Records one answered read. Called by one task at a time.</summary>
    public void Record(long timeMs, string line, byte unit, RegisterTable table, ushort address, ReadOnlySpan<ushort> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(values.Length, MostValues);
        Span<byte> record = _record;
        BinaryPrimitives.WriteInt64BigEndian(record, timeMs);
        record[8] = (byte)IndexOf(line);
        record[9] = unit;
        record[10] = (byte)table;
        BinaryPrimitives.WriteUInt16BigEndian(record[11..], address);
        BinaryPrimitives.WriteUInt16BigEndian(record[13..], (ushort)values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(record[(HeaderBytes + (2 * i))..], values[i]);
        }

        _log.Append(record[..(HeaderBytes + (2 * values.Length))]);
        Interlocked.Increment(ref _count);
    }

    /// <summary>What was served, oldest first, up to the moment of the call. Safe beside <see cref="Record"/>.</summary>
    public IEnumerable<ServedRead> Query(LedgerQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        byte[] header = new byte[HeaderBytes];
        foreach ((FileStream file, long length) in _log.Read())
        {
            while (file.Position + HeaderBytes <= length)
            {
                file.ReadExactly(header);
                byte[] body = new byte[2 * BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(13))];
                if (file.Position + body.Length > length)
                {
                    break;
                }

                file.ReadExactly(body);
                ServedRead read = Decode(header, body);
                if (query.Wants(read))
                {
                    yield return read;
                }
            }
        }
    }

    public void Dispose() => _log.Dispose();

    private ServedRead Decode(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        ushort[] values = new ushort[body.Length / 2];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadUInt16BigEndian(body[(2 * i)..]);
        }

        return new ServedRead(
            BinaryPrimitives.ReadInt64BigEndian(header),
            _lines[header[8]],
            header[9],
            (RegisterTable)header[10],
            BinaryPrimitives.ReadUInt16BigEndian(header[11..]),
            values);
    }

    private int IndexOf(string line)
    {
        for (int i = 0; i < _lines.Count; i++)
        {
            if (string.Equals(_lines[i], line, StringComparison.Ordinal))
            {
                return i;
            }
        }

        throw new ArgumentException($"no line {line} in this ledger", nameof(line));
    }
}
