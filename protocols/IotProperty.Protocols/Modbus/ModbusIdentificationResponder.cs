namespace IotProperty.Protocols.Modbus;

/// <summary>The server's side of function 43, MEI type 14 (MODBUS Application Protocol V1.1b3, §6.21): tells who a unit is, in as many parts as it takes.</summary>
internal static class ModbusIdentificationResponder
{
    private const int RequestBytes = 4;
    private const byte FirstExtended = 0x80;

    /// <summary>What is told can also be asked for one by one (§6.21, conformity level).</summary>
    private const byte IndividualToo = 0x80;

    /// <summary>Writes the reply, or says what is refused.</summary>
    public static ModbusExceptionCode Answer(IModbusDeviceImage image, byte unit, ReadOnlySpan<byte> request, Span<byte> reply, out int replyBytes)
    {
        replyBytes = 0;
        if (request.Length < 2 || request[1] != ModbusDeviceIdentity.MeiType || image.Identification(unit, ModbusDeviceIdentity.VendorName).IsEmpty)
        {
            return ModbusExceptionCode.IllegalFunction;
        }

        if (request.Length != RequestBytes || request[2] is < (byte)ModbusIdentificationCode.Basic or > (byte)ModbusIdentificationCode.Individual)
        {
            return ModbusExceptionCode.IllegalDataValue;
        }

        ModbusIdentificationCode code = (ModbusIdentificationCode)request[2];
        byte first = request[3];
        bool known = !image.Identification(unit, first).IsEmpty;
        if (code == ModbusIdentificationCode.Individual && !known)
        {
            return ModbusExceptionCode.IllegalDataAddress;
        }

        reply[0] = (byte)ModbusFunction.EncapsulatedInterface;
        reply[1] = ModbusDeviceIdentity.MeiType;
        reply[2] = (byte)code;
        reply[3] = (byte)(IndividualToo | (byte)Highest(image, unit));

        // An unknown object in a stream means from the beginning.
        int last = code == ModbusIdentificationCode.Individual ? first : Last(code);
        replyBytes = Stream(image, unit, known && first <= last ? first : 0, last, reply);
        return ModbusExceptionCode.None;
    }

    private static int Stream(IModbusDeviceImage image, byte unit, int first, int last, Span<byte> reply)
    {
        int at = ModbusDeviceIdentificationReply.HeaderBytes;
        byte count = 0;
        reply[4] = 0;
        reply[5] = 0;
        for (int id = first; id <= last; id++)
        {
            ReadOnlySpan<byte> value = image.Identification(unit, (byte)id);
            if (value.IsEmpty)
            {
                continue;
            }

            // One object always fits: longer ones are cut, as there is no way to send them.
            value = value[..Math.Min(value.Length, ModbusLimits.MaxPduBytes - ModbusDeviceIdentificationReply.HeaderBytes - 2)];
            if (at + 2 + value.Length > ModbusLimits.MaxPduBytes)
            {
                reply[4] = ModbusDeviceIdentificationReply.More;
                reply[5] = (byte)id;
                break;
            }

            reply[at] = (byte)id;
            reply[at + 1] = (byte)value.Length;
            value.CopyTo(reply[(at + 2)..]);
            at += 2 + value.Length;
            count++;
        }

        reply[6] = count;
        return at;
    }

    private static ModbusIdentificationCode Highest(IModbusDeviceImage image, byte unit)
    {
        for (int id = byte.MaxValue; id > ModbusDeviceIdentity.Revision; id--)
        {
            if (!image.Identification(unit, (byte)id).IsEmpty)
            {
                return id >= FirstExtended ? ModbusIdentificationCode.Extended : ModbusIdentificationCode.Regular;
            }
        }

        return ModbusIdentificationCode.Basic;
    }

    private static int Last(ModbusIdentificationCode code) => code switch
    {
        ModbusIdentificationCode.Basic => ModbusDeviceIdentity.Revision,
        ModbusIdentificationCode.Regular => FirstExtended - 1,
        _ => byte.MaxValue,
    };
}
