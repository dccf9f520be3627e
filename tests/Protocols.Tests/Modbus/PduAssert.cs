using System.Globalization;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Protocols.Tests.Modbus;

/// <summary>Compares a PDU with a vector's decoded fields, reading and writing.</summary>
internal static class PduAssert
{
    public static void Matches(ModbusVector vector, ReadOnlySpan<byte> pdu)
    {
        Assert.Equal(vector.Int("function"), pdu[0] & 0x7F);
        Assert.True(ModbusPduReading.IsSound(pdu, vector.ModbusDirection, out string unsound), $"{vector.Name}: {unsound}");
        if (!ModbusRequest.Knows((byte)vector.Int("function")) && !vector.Has("exception"))
        {
            ModbusDiagnosticsAssert.Matches(vector, pdu);
            return;
        }

        if (vector.Direction == "request")
        {
            RequestMatches(vector, pdu);
        }
        else
        {
            ReplyMatches(vector, pdu);
        }
    }

    private static void RequestMatches(ModbusVector vector, ReadOnlySpan<byte> pdu)
    {
        Assert.True(ModbusRequest.TryRead(pdu, out ModbusRequest request), vector.Name);
        if (vector.Has("read_address"))
        {
            Assert.Equal(vector.Int("read_address"), request.Address);
            Assert.Equal(vector.Int("read_quantity"), request.Quantity);
            Assert.Equal(vector.Int("write_address"), request.WriteAddress);
            Assert.Equal(vector.Int("write_quantity"), request.WriteQuantity);
        }
        else
        {
            Assert.Equal(vector.Int("address"), request.Address);
        }

        if (vector.Has("quantity"))
        {
            Assert.Equal(vector.Int("quantity"), request.Quantity);
        }

        if (vector.Has("byte_count"))
        {
            Assert.Equal(vector.Int("byte_count"), request.Data.Length);
        }

        if (vector.Has("value"))
        {
            Assert.Equal(WireValue(vector), request.Value);
        }

        MasksMatch(vector, request.AndMask, request.OrMask);
        DataMatches(vector, request.Data);
        if (!vector.Has("server_must_answer"))
        {
            Assert.Equal(ModbusExceptionCode.None, request.Check());
            Assert.Equal(Convert.ToHexString(pdu), Convert.ToHexString(Rewritten(request)));
        }
    }

    private static void ReplyMatches(ModbusVector vector, ReadOnlySpan<byte> pdu)
    {
        Assert.True(ModbusReply.TryRead(pdu, out ModbusReply reply, out string why), $"{vector.Name}: {why}");
        Assert.Equal(vector.Int("function"), (int)reply.Function);
        Assert.Equal(vector.Has("exception") ? vector.Int("exception") : 0, (int)reply.Exception);
        if (vector.Has("address"))
        {
            Assert.Equal(vector.Int("address"), reply.Address);
        }

        if (vector.Has("quantity"))
        {
            Assert.Equal(vector.Int("quantity"), reply.Quantity);
        }

        if (vector.Has("byte_count"))
        {
            Assert.Equal(vector.Int("byte_count"), reply.Data.Length);
        }

        if (vector.Has("value"))
        {
            Assert.Equal(WireValue(vector), reply.Value);
        }

        MasksMatch(vector, reply.AndMask, reply.OrMask);
        DataMatches(vector, reply.Data);
        Assert.Equal(Convert.ToHexString(pdu), Convert.ToHexString(Rewritten(reply)));
    }

    private static int WireValue(ModbusVector vector) => vector.Has("value_hex")
        ? int.Parse(vector.Decoded.GetProperty("value_hex").GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : vector.Int("value");

    private static void MasksMatch(ModbusVector vector, ushort andMask, ushort orMask)
    {
        Assert.Equal(vector.Has("and_mask") ? vector.Int("and_mask") : 0, andMask);
        Assert.Equal(vector.Has("or_mask") ? vector.Int("or_mask") : 0, orMask);
    }

    private static void DataMatches(ModbusVector vector, ReadOnlySpan<byte> data)
    {
        if (vector.Has("data_hex"))
        {
            Assert.Equal(Convert.ToHexString(vector.Hex("data_hex")), Convert.ToHexString(data));
        }

        if (vector.Has("registers"))
        {
            ushort[] registers = new ushort[data.Length / 2];
            ModbusData.ReadRegisters(data, registers);
            Assert.Equal(vector.Registers, registers);
        }

        if (vector.Has("bits"))
        {
            bool[] bits = new bool[vector.Bits.Length];
            ModbusData.ReadBits(data, bits);
            Assert.Equal(vector.Bits, bits);
        }
    }

    public static byte[] Rewritten(in ModbusRequest request)
    {
        byte[] pdu = new byte[ModbusLimits.MaxPduBytes];
        bool[] bits = new bool[request.Function == ModbusFunction.WriteMultipleCoils ? request.Quantity : 0];
        ModbusData.ReadBits(request.Data, bits);
        ushort[] registers = new ushort[request.Data.Length / 2];
        ModbusData.ReadRegisters(request.Data, registers);
        int length = request.Function switch
        {
            ModbusFunction.WriteSingleCoil => ModbusPduWriter.WriteSingleCoil(pdu, request.Address, request.Value != 0),
            ModbusFunction.WriteSingleRegister => ModbusPduWriter.WriteSingleRegister(pdu, request.Address, request.Value),
            ModbusFunction.WriteMultipleCoils => ModbusPduWriter.WriteMultipleCoilsRequest(pdu, request.Address, bits),
            ModbusFunction.WriteMultipleRegisters => ModbusPduWriter.WriteMultipleRegistersRequest(pdu, request.Address, registers),
            ModbusFunction.MaskWriteRegister => ModbusPduWriter.MaskWriteRegister(pdu, request.Address, request.AndMask, request.OrMask),
            ModbusFunction.ReadWriteMultipleRegisters =>
                ModbusPduWriter.ReadWriteMultipleRegistersRequest(pdu, request.Address, request.Quantity, request.WriteAddress, registers),
            _ => ModbusPduWriter.ReadRequest(pdu, ModbusFunctions.Table(request.Function), request.Address, request.Quantity),
        };
        return pdu[..length];
    }

    private static byte[] Rewritten(in ModbusReply reply)
    {
        byte[] pdu = new byte[ModbusLimits.MaxPduBytes];
        bool[] bits = new bool[reply.Data.Length * 8];
        ModbusData.ReadBits(reply.Data, bits);
        ushort[] registers = new ushort[reply.Data.Length / 2];
        ModbusData.ReadRegisters(reply.Data, registers);
        int length = reply switch
        {
            { Exception: not ModbusExceptionCode.None } => ModbusPduWriter.ExceptionReply(pdu, (byte)reply.Function, reply.Exception),
            { Function: ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs } => ModbusPduWriter.BitsReply(pdu, reply.Function, bits),
            { Function: ModbusFunction.WriteSingleCoil } => ModbusPduWriter.WriteSingleCoil(pdu, reply.Address, reply.Value != 0),
            { Function: ModbusFunction.WriteSingleRegister } => ModbusPduWriter.WriteSingleRegister(pdu, reply.Address, reply.Value),
            { Function: ModbusFunction.WriteMultipleCoils or ModbusFunction.WriteMultipleRegisters } =>
                ModbusPduWriter.WriteMultipleReply(pdu, reply.Function, reply.Address, reply.Quantity),
            { Function: ModbusFunction.MaskWriteRegister } => ModbusPduWriter.MaskWriteRegister(pdu, reply.Address, reply.AndMask, reply.OrMask),
            _ => ModbusPduWriter.RegistersReply(pdu, reply.Function, registers),
        };
        return pdu[..length];
    }
}
