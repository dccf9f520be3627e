namespace IotProperty.Protocols.Modbus;

/// <summary>Tells what a PDU is that somebody caught on the wire, without knowing who sent it.</summary>
public static class ModbusPduReading
{
    /// <summary>Whether <paramref name="pdu"/> is a sound PDU of that direction. A function that is not known here is sound either way.</summary>
    /// <param name="why">Why not; empty when it is.</param>
    public static bool IsSound(ReadOnlySpan<byte> pdu, ModbusDirection direction, out string why)
    {
        why = "";
        if (pdu.IsEmpty)
        {
            why = "there is no function code";
            return false;
        }

        if ((pdu[0] & ModbusFunctions.ExceptionBit) != 0)
        {
            if (direction == ModbusDirection.Request)
            {
                why = "a request has a function code below 80h";
                return false;
            }

            return ModbusReply.TryRead(pdu, out _, out why);
        }

        if (ModbusRequest.Knows(pdu[0]))
        {
            if (direction == ModbusDirection.Reply)
            {
                return ModbusReply.TryRead(pdu, out _, out why);
            }

            why = ModbusRequest.TryRead(pdu, out _) ? "" : "the length does not fit the function";
            return why.Length == 0;
        }

        return (ModbusFunction)pdu[0] switch
        {
            ModbusFunction.ReadFileRecord or ModbusFunction.WriteFileRecord => ModbusFileRecords.TryRead(pdu, direction, out _, out why),
            ModbusFunction.EncapsulatedInterface when pdu.Length > 1 && pdu[1] == ModbusDeviceIdentity.MeiType => IsSoundIdentification(pdu, direction, out why),
            _ when ModbusDiagnostics.Knows(pdu[0]) => ModbusDiagnostics.TryRead(pdu, direction, out _, out why),
            _ => true,
        };
    }

    /// <summary>
    /// Which direction the PDU has. Where both would do, a request that every server must refuse is a reply, and any other is a request: of the functions that
    /// answer with what was asked the fields are the same.
    /// </summary>
    /// <returns>Null when it is sound in neither.</returns>
    public static ModbusDirection? Guess(ReadOnlySpan<byte> pdu)
    {
        bool request = IsSound(pdu, ModbusDirection.Request, out _);
        bool reply = IsSound(pdu, ModbusDirection.Reply, out _);
        if (request && reply && ModbusRequest.TryRead(pdu, out ModbusRequest read))
        {
            return read.Check() == ModbusExceptionCode.None ? ModbusDirection.Request : ModbusDirection.Reply;
        }

        return request ? ModbusDirection.Request : reply ? ModbusDirection.Reply : null;
    }

    private static bool IsSoundIdentification(ReadOnlySpan<byte> pdu, ModbusDirection direction, out string why)
    {
        const int requestBytes = 4;
        if (direction == ModbusDirection.Reply)
        {
            return ModbusDeviceIdentificationReply.TryRead(pdu, out _, out why);
        }

        why = pdu.Length == requestBytes ? "" : "the length does not fit the function";
        return why.Length == 0;
    }
}
