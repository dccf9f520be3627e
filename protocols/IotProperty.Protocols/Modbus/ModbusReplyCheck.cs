using System.Buffers.Binary;

namespace IotProperty.Protocols.Modbus;

/// <summary>What a reply PDU is to the request that waits.</summary>
public enum ModbusReplyVerdict : byte
{
    /// <summary>It answers the request.</summary>
    Answer,

    /// <summary>It answers the request with an exception code.</summary>
    Exception,

    /// <summary>It answers another function: not meant for this request, wait on.</summary>
    OtherFunction,

    /// <summary>It is sound and answers this function, but not this request: another quantity, or an echo that differs from what was written.</summary>
    Mismatch,

    /// <summary>Its inside contradicts itself.</summary>
    Malformed,
}

/// <summary>Compares a reply with the request that it should answer, over any framing.</summary>
public static class ModbusReplyCheck
{
    /// <param name="request">The PDU that was sent.</param>
    /// <param name="reply">The PDU that came.</param>
    /// <param name="why">For people; empty when the reply answers.</param>
    public static ModbusReplyVerdict Judge(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply, out string why)
    {
        why = "";
        if (request.IsEmpty)
        {
            throw new ArgumentException("a request has a function code", nameof(request));
        }

        if (reply.IsEmpty)
        {
            why = "the reply is empty";
            return ModbusReplyVerdict.Malformed;
        }

        if ((reply[0] & ~ModbusFunctions.ExceptionBit) != (request[0] & ~ModbusFunctions.ExceptionBit))
        {
            why = "the reply answers another function";
            return ModbusReplyVerdict.OtherFunction;
        }

        bool identification = request.Length > 2 && request[0] == (byte)ModbusFunction.EncapsulatedInterface && request[1] == ModbusDeviceIdentity.MeiType;
        if (identification && (reply[0] & ModbusFunctions.ExceptionBit) == 0)
        {
            return JudgeIdentification(request, reply, out why);
        }

        if (!ModbusRequest.Knows(request[0]) && (reply[0] & ModbusFunctions.ExceptionBit) == 0)
        {
            // A function whose inside is not known here (the user's own, for example) is handed over as it came.
            return ModbusReplyVerdict.Answer;
        }

        if (!ModbusReply.TryRead(reply, out ModbusReply read, out why))
        {
            return ModbusReplyVerdict.Malformed;
        }

        return read.Exception == ModbusExceptionCode.None ? JudgeAnswer(request, reply, out why) : ModbusReplyVerdict.Exception;
    }

    private static ModbusReplyVerdict JudgeIdentification(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply, out string why)
    {
        if (!ModbusDeviceIdentificationReply.TryRead(reply, out ModbusDeviceIdentificationReply read, out why))
        {
            return ModbusReplyVerdict.Malformed;
        }

        if ((byte)read.Code != request[2])
        {
            why = "the reply has another read device ID code than the request";
            return ModbusReplyVerdict.Mismatch;
        }

        return ModbusReplyVerdict.Answer;
    }

    private static ModbusReplyVerdict JudgeAnswer(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply, out string why)
    {
        why = "";
        switch ((ModbusFunction)request[0])
        {
            case ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs when reply[1] != ModbusData.BitBytes(Quantity(request)):
                why = "the reply has another number of bits than the request";
                return ModbusReplyVerdict.Mismatch;
            case ModbusFunction.ReadHoldingRegisters or ModbusFunction.ReadInputRegisters or ModbusFunction.ReadWriteMultipleRegisters
                when reply[1] != Quantity(request) * 2:
                why = "the reply has another number of registers than the request";
                return ModbusReplyVerdict.Mismatch;
            case ModbusFunction.WriteSingleCoil or ModbusFunction.WriteSingleRegister or ModbusFunction.MaskWriteRegister when !reply.SequenceEqual(request):
                why = "the reply does not echo what was written";
                return ModbusReplyVerdict.Mismatch;
            case ModbusFunction.WriteMultipleCoils or ModbusFunction.WriteMultipleRegisters when !reply.SequenceEqual(request[..5]):
                why = "the reply names another address or quantity than was written";
                return ModbusReplyVerdict.Mismatch;
            default:
                return ModbusReplyVerdict.Answer;
        }
    }

    // Functions 1 to 4 and 23 alike hold the quantity that is read in bytes 3 and 4.
    private static int Quantity(ReadOnlySpan<byte> request) => BinaryPrimitives.ReadUInt16BigEndian(request[3..]);
}
