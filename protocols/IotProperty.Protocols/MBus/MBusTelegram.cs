using System.Buffers.Binary;
using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.MBus;

/// <summary>
/// What a meter's long frame says (EN 13757-3, §5): header and records, two fixed counters, an application error or an alarm. Lives as long as the bytes it
/// was read from.
/// </summary>
public readonly ref struct MBusTelegram
{
    private const int ShortHeaderBytes = 4;
    private const int LongHeaderBytes = 12;

    // Security modes in bits 8 to 12 of the configuration word (EN 13757-7, table 19) that encrypt the records on wired M-Bus. Meters of the time when the word
    // was a signature fill it at will, so nothing else is taken for encryption.
    private const int ModeShift = 8;
    private const int ModeBits = 0x1F;
    private const int AesCbc = 5;
    private const int AesCbcDynamicKey = 7;

    /// <summary>The frame's C field.</summary>
    public byte Control { get; private init; }

    /// <summary>The frame's A field: the meter's primary address.</summary>
    public byte PrimaryAddress { get; private init; }

    public byte ControlInformation { get; private init; }

    /// <summary>The meter's secondary address; null where the header has none. The fixed structure has no maker and no version: both are wildcards.</summary>
    public MBusSecondaryAddress? Meter { get; private init; }

    /// <summary>Counts up with every telegram that is not a repetition; null where the header has none.</summary>
    public byte? AccessNumber { get; private init; }

    /// <summary>Null where the header has none.</summary>
    public MBusStatus? Status { get; private init; }

    /// <summary>The configuration word, once called signature; null where the header has none.</summary>
    public ushort? Signature { get; private init; }

    /// <summary>The two counters of the fixed data structure; null for every other telegram.</summary>
    public MBusFixedData? Fixed { get; private init; }

    /// <summary>What CI 70 says; null for every other telegram and where the meter sent no code.</summary>
    public byte? ApplicationError { get; private init; }

    /// <summary>What CI 71 says; null for every other telegram.</summary>
    public byte? AlarmStatus { get; private init; }

    /// <summary>The bytes of the records; empty where there are none or they are not to be read: encrypted, or most significant byte first.</summary>
    public ReadOnlySpan<byte> RecordBytes { get; private init; }

    /// <summary>Where <see cref="RecordBytes"/> begins in the frame.</summary>
    public int RecordOffset { get; private init; }

    /// <summary>Whether this CI carries records at all.</summary>
    public bool HasRecords => ControlInformation is MBusControlInformation.VariableLongHeader or MBusControlInformation.VariableLongHeaderHighFirst
        or MBusControlInformation.VariableNoHeader or MBusControlInformation.VariableShortHeader or MBusControlInformation.DataSend;

    /// <summary>Whether the records are encrypted, as the configuration word says.</summary>
    public bool IsEncrypted => Signature is { } word && IsEncryption(word);

    /// <summary>Whether the meter says that it has more telegrams.</summary>
    public bool MoreFollows { get; private init; }

    /// <summary>Walks over the records, which are known to be sound.</summary>
    public MBusRecordReader Records(MBusTextUnit textUnit = MBusTextUnit.BeforeModifiers) => new(RecordBytes, textUnit);

    /// <summary>Reads a long frame. The records are walked once, so that a telegram that was read holds sound ones only.</summary>
    /// <param name="mistake">Why it is no telegram, with the place in the frame.</param>
    public static ScanStatus Read(scoped in MBusFrame frame, MBusTextUnit textUnit, out MBusTelegram telegram, out MBusMistake mistake)
    {
        telegram = default;
        mistake = MBusMistake.None;
        if (frame.Kind != MBusFrameKind.Long)
        {
            return Malformed("no long frame", 0, out mistake);
        }

        ReadOnlySpan<byte> data = frame.Data;
        MBusTelegram read = new() { Control = frame.Control, PrimaryAddress = frame.Address, ControlInformation = frame.ControlInformation };
        switch (frame.ControlInformation)
        {
            case MBusControlInformation.ApplicationError:
                telegram = read with { ApplicationError = data.IsEmpty ? null : data[0] };
                return ScanStatus.Done;
            case MBusControlInformation.AlarmStatus when !data.IsEmpty:
                telegram = read with { AlarmStatus = data[0] };
                return ScanStatus.Done;
            case MBusControlInformation.FixedStructure or MBusControlInformation.FixedStructureHighFirst:
                return ReadFixed(data, read, out telegram, out mistake);
            case MBusControlInformation.VariableLongHeader or MBusControlInformation.VariableLongHeaderHighFirst:
                return ReadLongHeader(data, read, textUnit, out telegram, out mistake);
            case MBusControlInformation.VariableShortHeader:
                return data.Length < ShortHeaderBytes
                    ? Malformed("CI 7A needs a header of 4 bytes", MBusFrame.DataOffset + data.Length, out mistake)
                    : ReadRecords(data, ShortHeader(read, data), ShortHeaderBytes, textUnit, out telegram, out mistake);
            case MBusControlInformation.VariableNoHeader or MBusControlInformation.DataSend:
                return ReadRecords(data, read, 0, textUnit, out telegram, out mistake);
            default:
                return Malformed($"CI {frame.ControlInformation:X2} tells of no data that is known here", MBusFrame.DataOffset - 1, out mistake);
        }
    }

    private static ScanStatus ReadFixed(ReadOnlySpan<byte> data, MBusTelegram read, out MBusTelegram telegram, out MBusMistake mistake)
    {
        telegram = default;
        mistake = MBusMistake.None;
        if (data.Length < MBusFixedData.Bytes)
        {
            return Malformed("the fixed structure needs 16 bytes", MBusFrame.DataOffset + data.Length, out mistake);
        }

        MBusFixedData values = MBusFixedData.Read(data, read.ControlInformation == MBusControlInformation.FixedStructureHighFirst);
        telegram = read with
        {
            Fixed = values,
            Meter = new MBusSecondaryAddress(values.Id, MBusManufacturer.Any, MBusSecondaryAddress.AnyByte, values.Medium),
            AccessNumber = values.AccessNumber,
            Status = new MBusStatus(values.StatusBits),
        };
        return ScanStatus.Done;
    }

    private static ScanStatus ReadLongHeader(
        ReadOnlySpan<byte> data, MBusTelegram read, MBusTextUnit textUnit, out MBusTelegram telegram, out MBusMistake mistake)
    {
        telegram = default;
        if (data.Length < LongHeaderBytes)
        {
            return Malformed("CI 72 needs a header of 12 bytes", MBusFrame.DataOffset + data.Length, out mistake);
        }

        bool highFirst = read.ControlInformation == MBusControlInformation.VariableLongHeaderHighFirst;
        MBusSecondaryAddress meter = MBusSecondaryAddress.Read(data);
        MBusTelegram withHeader = ShortHeader(read, data[MBusSecondaryAddress.Bytes..]) with
        {
            Meter = highFirst
                ? meter with { Id = BinaryPrimitives.ReverseEndianness(meter.Id), Manufacturer = BinaryPrimitives.ReverseEndianness(meter.Manufacturer) }
                : meter,
        };
        if (!highFirst)
        {
            return ReadRecords(data, withHeader, LongHeaderBytes, textUnit, out telegram, out mistake);
        }

        // Nothing tells how the records of this obsolete mode are ordered inside; its header is all that is trusted.
        mistake = MBusMistake.None;
        telegram = withHeader;
        return ScanStatus.Done;
    }

    private static ScanStatus ReadRecords(
        ReadOnlySpan<byte> data, MBusTelegram read, int headerBytes, MBusTextUnit textUnit, out MBusTelegram telegram, out MBusMistake mistake)
    {
        telegram = default;
        ReadOnlySpan<byte> bytes = read.IsEncrypted ? [] : data[headerBytes..];
        bool more = false;
        MBusRecordReader walk = new(bytes, textUnit);
        while (walk.MoveNext())
        {
            more |= walk.Current.Kind == MBusRecordKind.ManufacturerDataMoreFollows;
        }

        int offset = MBusFrame.DataOffset + headerBytes;
        mistake = MBusMistake.None;
        if (!walk.Mistake.IsNone)
        {
            return Malformed(walk.Mistake.Why, offset + walk.Mistake.Offset, out mistake);
        }

        telegram = read with { RecordBytes = bytes, RecordOffset = offset, MoreFollows = more };
        return ScanStatus.Done;
    }

    private static MBusTelegram ShortHeader(MBusTelegram read, ReadOnlySpan<byte> header) => read with
    {
        AccessNumber = header[0],
        Status = new MBusStatus(header[1]),
        Signature = BinaryPrimitives.ReadUInt16LittleEndian(header[2..]),
    };

    private static bool IsEncryption(ushort word) => ((word >> ModeShift) & ModeBits) is AesCbc or AesCbcDynamicKey;

    private static ScanStatus Malformed(string why, int offset, out MBusMistake mistake)
    {
        mistake = new MBusMistake(why, offset);
        return ScanStatus.Malformed;
    }
}
