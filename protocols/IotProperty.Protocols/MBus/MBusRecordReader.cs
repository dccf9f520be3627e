namespace IotProperty.Protocols.MBus;

/// <summary>Where the unit of a plain-text VIF stands; editions of the standard and meters differ.</summary>
public enum MBusTextUnit : byte
{
    /// <summary>Right behind the VIF, before its modifiers: what meters send.</summary>
    BeforeModifiers,

    /// <summary>Behind all modifiers: the later reading of EN 13757-3, §6.4.</summary>
    AfterModifiers,
}

/// <summary>
/// Walks over the records of a variable data structure (EN 13757-3, §6) without allocating: <c>while (reader.MoveNext())</c>, then
/// <see cref="Mistake"/>. Fillers are passed over. Every step takes at least one byte, so a telegram of 252 bytes ends the walk.
/// </summary>
public ref struct MBusRecordReader
{
    private const byte ExtensionBit = 0x80;
    private const byte CodingBits = 0x0F;
    private const byte StorageBit = 0x40;

    // Special DIF (EN 13757-3, table 5).
    private const byte ManufacturerData = 0x0F;
    private const byte ManufacturerDataMoreFollows = 0x1F;
    private const byte Filler = 0x2F;
    private const byte GlobalReadout = 0x7F;

    // VIF that lead elsewhere (EN 13757-3, §6.4.2).
    private const int SecondExtension = 0x7B;
    private const int PlainText = 0x7C;
    private const int FirstExtension = 0x7D;

    private readonly ReadOnlySpan<byte> _data;
    private readonly MBusTextUnit _textUnit;
    private MBusRecord _current;
    private int _at;

    public MBusRecordReader(ReadOnlySpan<byte> data, MBusTextUnit textUnit)
    {
        _data = data;
        _textUnit = textUnit;
        Mistake = MBusMistake.None;
    }

    /// <summary>The record of the last successful <see cref="MoveNext"/>.</summary>
    public readonly MBusRecord Current => _current;

    /// <summary>Why the walk ended early, with the place in the records' bytes; none while and after all goes well.</summary>
    public MBusMistake Mistake { get; private set; }

    /// <summary>Goes to the next record; false at the end, and where the bytes are no record.</summary>
    public bool MoveNext()
    {
        while (_at < _data.Length && _data[_at] == Filler)
        {
            _at++;
        }

        if (_at >= _data.Length || !Mistake.IsNone)
        {
            return false;
        }

        byte dif = _data[_at];
        return (dif & CodingBits) == (byte)MBusCoding.Special ? Special(dif) : Value();
    }

    private bool Special(byte dif)
    {
        MBusRecordKind? kind = dif switch
        {
            ManufacturerData => MBusRecordKind.ManufacturerData,
            ManufacturerDataMoreFollows => MBusRecordKind.ManufacturerDataMoreFollows,
            GlobalReadout => MBusRecordKind.GlobalReadoutRequest,
            _ => null,
        };
        if (kind is not { } known)
        {
            return Fail($"the special DIF {dif:X2} is reserved", _at);
        }

        bool toTheEnd = known != MBusRecordKind.GlobalReadoutRequest;
        _current = new MBusRecord
        {
            Kind = known,
            Coding = MBusCoding.Special,
            Dib = _data.Slice(_at, 1),
            Data = toTheEnd ? _data[(_at + 1)..] : [],
            Quantity = MBusQuantity.Reserved,
        };
        _at = toTheEnd ? _data.Length : _at + 1;
        return true;
    }

    private bool Value()
    {
        int start = _at;
        if (!Dib(out MBusRecordKey key))
        {
            return false;
        }

        MBusCoding coding = (MBusCoding)(_data[start] & CodingBits);
        ReadOnlySpan<byte> dib = _data[start.._at];
        if (!Vib(out ReadOnlySpan<byte> vif, out ReadOnlySpan<byte> vife, out ReadOnlySpan<byte> text, out MBusQuantity quantity))
        {
            return false;
        }

        MBusVariableKind variable = MBusVariableKind.None;
        int bytes = MBusCodings.Bytes(coding);
        if (coding == MBusCoding.Variable)
        {
            if (_at >= _data.Length)
            {
                return Fail("the telegram ends before the length of variable data", _at);
            }

            bytes = MBusCodings.VariableBytes(_data[_at], out variable);
            if (bytes < 0)
            {
                return Fail($"the length {_data[_at]:X2} of variable data is reserved", _at);
            }

            _at++;
        }

        if (bytes > _data.Length - _at)
        {
            return Fail("the telegram ends inside a record's data", _data.Length);
        }

        _current = new MBusRecord
        {
            Kind = MBusRecordKind.Value,
            Key = key,
            Coding = coding,
            Variable = variable,
            Quantity = quantity,
            Dib = dib,
            Vif = vif,
            Vife = vife,
            TextUnit = text,
            Data = _data.Slice(_at, bytes),
        };
        _at += bytes;
        return true;
    }

    /// <summary>DIF and DIFE: bit 6 of the DIF is the lowest bit of the storage number; each DIFE adds four bits of it, two of the tariff, one of the subunit.</summary>
    private bool Dib(out MBusRecordKey key)
    {
        byte dif = _data[_at++];
        long storage = (dif & StorageBit) != 0 ? 1 : 0;
        int tariff = 0;
        int subunit = 0;
        byte last = dif;
        for (int n = 0; (last & ExtensionBit) != 0; n++)
        {
            key = default;
            if (n == MBusLimits.MaxExtensions)
            {
                return Fail("more than 10 DIFE", _at);
            }

            if (_at >= _data.Length)
            {
                return Fail("the telegram ends inside a chain of DIFE", _at);
            }

            last = _data[_at++];
            storage |= (long)(last & 0x0F) << (1 + (4 * n));
            tariff |= ((last >> 4) & 0x03) << (2 * n);
            subunit |= ((last >> 6) & 0x01) << n;
        }

        key = new MBusRecordKey((MBusFunction)((dif >> 4) & 0x03), storage, tariff, subunit);
        return true;
    }

    private bool Vib(out ReadOnlySpan<byte> vif, out ReadOnlySpan<byte> vife, out ReadOnlySpan<byte> text, out MBusQuantity quantity)
    {
        vif = vife = text = default;
        quantity = MBusQuantity.Reserved;
        if (_at >= _data.Length)
        {
            return Fail("the telegram ends where a VIF was expected", _at);
        }

        int start = _at;
        byte first = _data[_at++];
        int code = first & ~ExtensionBit;
        bool extended = (first & ExtensionBit) != 0;
        bool plain = code == PlainText;
        if (plain && _textUnit == MBusTextUnit.BeforeModifiers && !TextUnit(out text))
        {
            return false;
        }

        quantity = MBusVifTable.OfPrimary(code);
        vif = _data.Slice(start, 1);
        int chain = 0;
        if (extended && code is FirstExtension or SecondExtension)
        {
            if (_at >= _data.Length)
            {
                return Fail("the telegram ends inside a chain of VIFE", _at);
            }

            byte second = _data[_at++];
            chain = 1;
            quantity = code == FirstExtension ? MBusVifTable.OfFirstExtension(second & ~ExtensionBit) : MBusVifTable.OfSecondExtension(second & ~ExtensionBit);
            vif = _data.Slice(start, 2);
            extended = (second & ExtensionBit) != 0;
        }

        return Vife(extended, chain, out vife) && (!plain || _textUnit != MBusTextUnit.AfterModifiers || TextUnit(out text));
    }

    private bool Vife(bool extended, int chain, out ReadOnlySpan<byte> vife)
    {
        vife = default;
        int start = _at;
        while (extended)
        {
            if (chain == MBusLimits.MaxExtensions)
            {
                return Fail("more than 10 VIFE", _at);
            }

            if (_at >= _data.Length)
            {
                return Fail("the telegram ends inside a chain of VIFE", _at);
            }

            extended = (_data[_at++] & ExtensionBit) != 0;
            chain++;
        }

        vife = _data[start.._at];
        return true;
    }

    private bool TextUnit(out ReadOnlySpan<byte> text)
    {
        text = default;
        if (_at >= _data.Length || _data[_at] > _data.Length - _at - 1)
        {
            return Fail("the telegram ends inside the text of a unit", _data.Length);
        }

        text = _data.Slice(_at + 1, _data[_at]);
        _at += 1 + text.Length;
        return true;
    }

    private bool Fail(string why, int at)
    {
        Mistake = new MBusMistake(why, at);
        return false;
    }
}
