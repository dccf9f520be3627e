using System.Buffers.Binary;

namespace IotProperty.Protocols.Modbus;

/// <summary>
/// The requests of a serial line that were sent and not answered in time. RTU has no transaction numbers: a late answer names its unit and function, but
/// neither address nor request, so it can pass for the answer to another request of the same shape. Whoever takes it then reads another register's value, and
/// after one such slip every answer is one request behind, for ever. This is what prevents it: while an answer may still come, a request whose answer
/// would look the same waits, and what cannot be told apart is discarded. Bounded; allocates nothing after construction.
/// </summary>
internal sealed class ModbusUnanswered
{
    /// <summary>More than one per unit only when several shapes of requests time out within one window.</summary>
    private const int Capacity = 32;

    private readonly Entry[] _entries = new Entry[Capacity];
    private int _count;

    // Requests that found no place here are not forgotten: until this moment every exchange waits.
    private long _overflowUntilMs;

    /// <summary>A request goes out (again): an answer may come until <paramref name="lateUntilMs"/>.</summary>
    public void Sent(byte unit, ReadOnlySpan<byte> pdu, long nowMs, long lateUntilMs)
    {
        Prune(nowMs);
        int index = Find(unit, pdu);
        if (index < 0)
        {
            if (_count == Capacity)
            {
                int soonest = Soonest();
                _overflowUntilMs = Math.Max(_overflowUntilMs, _entries[soonest].LateUntilMs);
                RemoveAt(soonest);
            }

            index = _count++;
            ref Entry added = ref _entries[index];
            added.Unit = unit;
            added.Pdu ??= new byte[ModbusLimits.MaxPduBytes];
            added.PduBytes = pdu.Length;
            added.Copies = 0;
            added.LateUntilMs = lateUntilMs;
            pdu.CopyTo(added.Pdu);
        }

        ref Entry entry = ref _entries[index];
        entry.Copies++;
        entry.LateUntilMs = Math.Max(entry.LateUntilMs, lateUntilMs);
    }

    /// <summary>The request was answered once. If it was sent more than once, another answer to it may come.</summary>
    public void Answered(byte unit, ReadOnlySpan<byte> pdu)
    {
        int index = Find(unit, pdu);
        if (index >= 0 && --_entries[index].Copies == 0)
        {
            RemoveAt(index);
        }
    }

    /// <summary>
    /// The unit gave an answer that can belong to <paramref name="pdu"/> only. A unit serves its requests in order, so nothing older comes any more.
    /// </summary>
    public void Settle(byte unit, ReadOnlySpan<byte> pdu)
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            if (_entries[i].Unit == unit && !Request(i).SequenceEqual(pdu))
            {
                RemoveAt(i);
            }
        }
    }

    /// <summary>Until when an answer could come that would pass for one to <paramref name="pdu"/>; 0 when none can.</summary>
    public long ConfusableUntilMs(byte unit, ReadOnlySpan<byte> pdu)
    {
        long until = _overflowUntilMs;
        for (int i = 0; i < _count; i++)
        {
            if (_entries[i].Unit == unit && !Request(i).SequenceEqual(pdu) && AnswersLookAlike(Request(i), pdu))
            {
                until = Math.Max(until, _entries[i].LateUntilMs);
            }
        }

        return until;
    }

    /// <summary>Whether another request of the unit and function than <paramref name="pdu"/> may still be answered; its exception would look like any other.</summary>
    public bool HasOther(byte unit, ReadOnlySpan<byte> pdu)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_entries[i].Unit == unit && _entries[i].Pdu[0] == pdu[0] && !Request(i).SequenceEqual(pdu))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes a reply for the late answer to one of these requests, if it can be one.</summary>
    /// <param name="but">A request that it is known not to answer; empty for none.</param>
    public bool Take(byte unit, ReadOnlySpan<byte> reply, ReadOnlySpan<byte> but)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_entries[i].Unit == unit && !Request(i).SequenceEqual(but)
                && ModbusReplyCheck.Judge(Request(i), reply, out _) is ModbusReplyVerdict.Answer or ModbusReplyVerdict.Exception)
            {
                if (--_entries[i].Copies == 0)
                {
                    RemoveAt(i);
                }

                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a sound answer to one request also passes for a sound answer to the other.</summary>
    private static bool AnswersLookAlike(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        if (one[0] != other[0])
        {
            return false;
        }

        return (ModbusFunction)one[0] switch
        {
            ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs =>
                ModbusData.BitBytes(Word(one, 3)) == ModbusData.BitBytes(Word(other, 3)),
            ModbusFunction.ReadHoldingRegisters or ModbusFunction.ReadInputRegisters or ModbusFunction.ReadWriteMultipleRegisters =>
                Word(one, 3) == Word(other, 3),
            // These are answered with what was written, whole …
            ModbusFunction.WriteSingleCoil or ModbusFunction.WriteSingleRegister or ModbusFunction.MaskWriteRegister => false,
            // … or without the values.
            ModbusFunction.WriteMultipleCoils or ModbusFunction.WriteMultipleRegisters => one[..5].SequenceEqual(other[..5]),
            _ => true,
        };
    }

    private static ushort Word(ReadOnlySpan<byte> pdu, int offset) => BinaryPrimitives.ReadUInt16BigEndian(pdu[offset..]);

    private ReadOnlySpan<byte> Request(int index) => _entries[index].Pdu.AsSpan(0, _entries[index].PduBytes);

    private int Find(byte unit, ReadOnlySpan<byte> pdu)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_entries[i].Unit == unit && Request(i).SequenceEqual(pdu))
            {
                return i;
            }
        }

        return -1;
    }

    private int Soonest()
    {
        int soonest = 0;
        for (int i = 1; i < _count; i++)
        {
            if (_entries[i].LateUntilMs < _entries[soonest].LateUntilMs)
            {
                soonest = i;
            }
        }

        return soonest;
    }

    private void Prune(long nowMs)
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            if (_entries[i].LateUntilMs <= nowMs)
            {
                RemoveAt(i);
            }
        }
    }

    // The places change hands with their buffers, so that none is allocated twice.
    private void RemoveAt(int index)
    {
        _count--;
        (_entries[index], _entries[_count]) = (_entries[_count], _entries[index]);
    }

    private struct Entry
    {
        public byte Unit;
        public byte[] Pdu;
        public int PduBytes;
        public int Copies;
        public long LateUntilMs;
    }
}
