namespace IotProperty.Protocols.Modbus;

/// <summary>Turns request PDUs into reply PDUs over an image, whatever the framing. One request at a time; not safe for two tasks.</summary>
public sealed class ModbusResponder(IModbusDeviceImage image)
{
    private readonly ushort[] _registers = new ushort[ModbusLimits.MaxReadRegisters];
    private readonly bool[] _bits = new bool[ModbusLimits.MaxReadBits];

    /// <summary>Writes the reply to one request.</summary>
    /// <param name="reply">Room for 253 bytes; must not overlap the request.</param>
    /// <returns>The reply's length in bytes; 0 when the unit stays silent.</returns>
    public int Answer(byte unit, ReadOnlySpan<byte> request, Span<byte> reply)
    {
        if (request.IsEmpty)
        {
            throw new ArgumentException("a request has a function code", nameof(request));
        }

        if (!image.Answers(unit))
        {
            return 0;
        }

        ModbusExceptionCode refusal = Serve(unit, request, reply, out int replyBytes);
        return refusal == ModbusExceptionCode.None ? replyBytes : ModbusPduWriter.ExceptionReply(reply, request[0], refusal);
    }

    private ModbusExceptionCode Serve(byte unit, ReadOnlySpan<byte> pdu, Span<byte> reply, out int replyBytes)
    {
        replyBytes = 0;
        if (pdu[0] == (byte)ModbusFunction.EncapsulatedInterface)
        {
            return ModbusIdentificationResponder.Answer(image, unit, pdu, reply, out replyBytes);
        }

        if (!ModbusRequest.Knows(pdu[0]))
        {
            return ModbusExceptionCode.IllegalFunction;
        }

        if (!ModbusRequest.TryRead(pdu, out ModbusRequest request))
        {
            return ModbusExceptionCode.IllegalDataValue;
        }

        ModbusExceptionCode refusal = request.Check();
        if (refusal != ModbusExceptionCode.None)
        {
            return refusal;
        }

        switch (request.Function)
        {
            case ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs:
                return ReadBits(unit, request, reply, out replyBytes);
            case ModbusFunction.ReadHoldingRegisters or ModbusFunction.ReadInputRegisters:
                return ReadRegisters(unit, request.Function, ModbusFunctions.Table(request.Function), request, reply, out replyBytes);
            case ModbusFunction.ReadWriteMultipleRegisters:
                refusal = WriteRegisters(unit, request.WriteAddress, request.Data);
                return refusal == ModbusExceptionCode.None
                    ? ReadRegisters(unit, request.Function, RegisterTable.HoldingRegisters, request, reply, out replyBytes)
                    : refusal;
            case ModbusFunction.WriteSingleCoil:
                bool on = request.Value != 0;
                replyBytes = ModbusPduWriter.WriteSingleCoil(reply, request.Address, on);
                return image.WriteBits(unit, request.Address, [on]);
            case ModbusFunction.WriteSingleRegister:
                replyBytes = ModbusPduWriter.WriteSingleRegister(reply, request.Address, request.Value);
                return image.WriteRegisters(unit, request.Address, [request.Value]);
            case ModbusFunction.WriteMultipleCoils:
                Span<bool> bits = _bits.AsSpan(0, request.Quantity);
                ModbusData.ReadBits(request.Data, bits);
                replyBytes = ModbusPduWriter.WriteMultipleReply(reply, request.Function, request.Address, request.Quantity);
                return image.WriteBits(unit, request.Address, bits);
            case ModbusFunction.WriteMultipleRegisters:
                replyBytes = ModbusPduWriter.WriteMultipleReply(reply, request.Function, request.Address, request.Quantity);
                return WriteRegisters(unit, request.Address, request.Data);
            case ModbusFunction.MaskWriteRegister:
                replyBytes = ModbusPduWriter.MaskWriteRegister(reply, request.Address, request.AndMask, request.OrMask);
                return MaskWrite(unit, request);
            default:
                throw new InvalidOperationException($"function {request.Function} was read but is not served");
        }
    }

    private ModbusExceptionCode ReadBits(byte unit, in ModbusRequest request, Span<byte> reply, out int replyBytes)
    {
        Span<bool> bits = _bits.AsSpan(0, request.Quantity);
        ModbusExceptionCode refusal = image.ReadBits(unit, ModbusFunctions.Table(request.Function), request.Address, bits);
        replyBytes = ModbusPduWriter.BitsReply(reply, request.Function, bits);
        return refusal;
    }

    private ModbusExceptionCode ReadRegisters(
        byte unit, ModbusFunction function, RegisterTable table, in ModbusRequest request, Span<byte> reply, out int replyBytes)
    {
        Span<ushort> registers = _registers.AsSpan(0, request.Quantity);
        ModbusExceptionCode refusal = image.ReadRegisters(unit, table, request.Address, registers);
        replyBytes = ModbusPduWriter.RegistersReply(reply, function, registers);
        return refusal;
    }

    private ModbusExceptionCode WriteRegisters(byte unit, ushort address, ReadOnlySpan<byte> data)
    {
        Span<ushort> registers = _registers.AsSpan(0, data.Length / 2);
        ModbusData.ReadRegisters(data, registers);
        return image.WriteRegisters(unit, address, registers);
    }

    private ModbusExceptionCode MaskWrite(byte unit, in ModbusRequest request)
    {
        Span<ushort> register = _registers.AsSpan(0, 1);
        ModbusExceptionCode refusal = image.ReadRegisters(unit, RegisterTable.HoldingRegisters, request.Address, register);
        if (refusal != ModbusExceptionCode.None)
        {
            return refusal;
        }

        register[0] = (ushort)((register[0] & request.AndMask) | (request.OrMask & ~request.AndMask));
        return image.WriteRegisters(unit, request.Address, register);
    }
}
