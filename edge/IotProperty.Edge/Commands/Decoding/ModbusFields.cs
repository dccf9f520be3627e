using System.Globalization;
using System.Text;
using System.Text.Json;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Commands.Decoding;

/// <summary>Writes the fields of a sound Modbus PDU.</summary>
internal static class ModbusFields
{
    /// <summary>More bits than anybody reads one by one; <c>data_hex</c> holds them all.</summary>
    private const int MostBits = 256;

    /// <summary>From here on it matters how long a frame is: 256 bytes end an RTU frame, 260 one over TCP.</summary>
    private const int NearTheLimitBytes = 250;

    public static void Write(ReadOnlySpan<byte> pdu, ModbusDirection direction, Utf8JsonWriter fields)
    {
        fields.WriteNumber("function", pdu[0] & ~ModbusFunctions.ExceptionBit);
        if ((pdu[0] & ModbusFunctions.ExceptionBit) != 0)
        {
            ModbusExceptionCode code = (ModbusExceptionCode)pdu[1];
            string name = ModbusExceptionNames.OfSpecification(code);
            fields.WriteNumber("exception", pdu[1]);
            fields.WriteString("exception_name", name.Length > 0 ? name : null);
            return;
        }

        switch ((ModbusFunction)pdu[0])
        {
            case ModbusFunction.ReadFileRecord or ModbusFunction.WriteFileRecord:
                WriteFileRecords(pdu, direction, fields);
                break;
            case ModbusFunction.EncapsulatedInterface when pdu.Length > 1 && pdu[1] == ModbusDeviceIdentity.MeiType:
                WriteIdentification(pdu, direction, fields);
                break;
            case var _ when ModbusRequest.Knows(pdu[0]) && direction == ModbusDirection.Request:
                WriteRequest(pdu, fields);
                break;
            case var _ when ModbusRequest.Knows(pdu[0]):
                WriteReply(pdu, fields);
                break;
            case var _ when ModbusDiagnostics.Knows(pdu[0]):
                WriteDiagnostics(pdu, direction, fields);
                break;
            default:
                fields.WriteString("data_hex", Convert.ToHexString(pdu[1..]));
                break;
        }
    }

    public static void WriteLength(int bytes, Utf8JsonWriter fields)
    {
        if (bytes > NearTheLimitBytes)
        {
            fields.WriteNumber("adu_length", bytes);
        }
    }

    private static void WriteRequest(ReadOnlySpan<byte> pdu, Utf8JsonWriter fields)
    {
        ModbusRequest.TryRead(pdu, out ModbusRequest request);
        if (request.Function == ModbusFunction.ReadWriteMultipleRegisters)
        {
            fields.WriteNumber("read_address", request.Address);
            fields.WriteNumber("read_quantity", request.Quantity);
            fields.WriteNumber("write_address", request.WriteAddress);
            fields.WriteNumber("write_quantity", request.WriteQuantity);
        }
        else
        {
            fields.WriteNumber("address", request.Address);
        }

        switch (request.Function)
        {
            case ModbusFunction.WriteSingleCoil or ModbusFunction.WriteSingleRegister:
                WriteValue(request.Function, request.Value, fields);
                break;
            case ModbusFunction.MaskWriteRegister:
                fields.WriteNumber("and_mask", request.AndMask);
                fields.WriteNumber("or_mask", request.OrMask);
                break;
            case ModbusFunction.ReadWriteMultipleRegisters:
                WriteRegisters(request.Data, fields);
                break;
            case ModbusFunction.WriteMultipleRegisters:
                fields.WriteNumber("quantity", request.Quantity);
                WriteRegisters(request.Data, fields);
                break;
            case ModbusFunction.WriteMultipleCoils:
                fields.WriteNumber("quantity", request.Quantity);
                WriteBits(request.Data, Math.Min(request.Quantity, request.Data.Length * 8), fields);
                break;
            default:
                fields.WriteNumber("quantity", request.Quantity);
                break;
        }
    }

    private static void WriteReply(ReadOnlySpan<byte> pdu, Utf8JsonWriter fields)
    {
        ModbusReply.TryRead(pdu, out ModbusReply reply, out _);
        switch (reply.Function)
        {
            case ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs:
                // How many of the last byte's bits were asked for, only the request knows.
                WriteBits(reply.Data, reply.Data.Length * 8, fields);
                break;
            case ModbusFunction.ReadHoldingRegisters or ModbusFunction.ReadInputRegisters or ModbusFunction.ReadWriteMultipleRegisters:
                WriteRegisters(reply.Data, fields);
                break;
            case ModbusFunction.MaskWriteRegister:
                fields.WriteNumber("address", reply.Address);
                fields.WriteNumber("and_mask", reply.AndMask);
                fields.WriteNumber("or_mask", reply.OrMask);
                break;
            case ModbusFunction.WriteSingleCoil or ModbusFunction.WriteSingleRegister:
                fields.WriteNumber("address", reply.Address);
                WriteValue(reply.Function, reply.Value, fields);
                break;
            default:
                fields.WriteNumber("address", reply.Address);
                fields.WriteNumber("quantity", reply.Quantity);
                break;
        }
    }

    private static void WriteDiagnostics(ReadOnlySpan<byte> pdu, ModbusDirection direction, Utf8JsonWriter fields)
    {
        ModbusDiagnostics.TryRead(pdu, direction, out ModbusDiagnostics read, out _);
        bool isReply = direction == ModbusDirection.Reply;
        switch (read.Function)
        {
            case ModbusFunction.Diagnostics:
                fields.WriteNumber("sub_function", read.SubFunction);
                WriteWords("data", read.Data, fields);
                break;
            case ModbusFunction.ReadExceptionStatus when isReply:
                fields.WriteNumber("exception_status", read.ExceptionStatus);
                break;
            case ModbusFunction.GetCommEventCounter when isReply:
                fields.WriteNumber("status", read.Status);
                fields.WriteNumber("event_count", read.EventCount);
                break;
            case ModbusFunction.GetCommEventLog when isReply:
                fields.WriteNumber("byte_count", read.ByteCount);
                fields.WriteNumber("status", read.Status);
                fields.WriteNumber("event_count", read.EventCount);
                fields.WriteNumber("message_count", read.MessageCount);
                fields.WriteStartArray("events");
                foreach (byte entry in read.Data)
                {
                    fields.WriteNumberValue(entry);
                }

                fields.WriteEndArray();
                break;
            case ModbusFunction.ReportServerId when isReply:
                fields.WriteNumber("byte_count", read.ByteCount);
                fields.WriteString("data_hex", Convert.ToHexString(read.Data));
                break;
            case ModbusFunction.ReadFifoQueue when isReply:
                fields.WriteNumber("byte_count", read.ByteCount);
                fields.WriteNumber("fifo_count", read.FifoCount);
                WriteWords("registers", read.Data, fields);
                break;
            case ModbusFunction.ReadFifoQueue:
                fields.WriteNumber("address", read.Address);
                break;
            default:
                break;
        }
    }

    private static void WriteFileRecords(ReadOnlySpan<byte> pdu, ModbusDirection direction, Utf8JsonWriter fields)
    {
        ModbusFileRecords.TryRead(pdu, direction, out ModbusFileRecords records, out _);
        bool isWrite = (ModbusFunction)pdu[0] == ModbusFunction.WriteFileRecord;
        bool isReadReply = !isWrite && direction == ModbusDirection.Reply;
        fields.WriteStartArray(isWrite || isReadReply ? "records" : "sub_requests");
        foreach (ModbusFileRecord record in records)
        {
            if (isReadReply)
            {
                WriteWords(record.Data, fields);
                continue;
            }

            fields.WriteStartObject();
            fields.WriteNumber("file", record.File);
            fields.WriteNumber("record", record.Record);
            if (isWrite)
            {
                WriteWords("registers", record.Data, fields);
            }
            else
            {
                fields.WriteNumber("length", record.Length);
            }

            fields.WriteEndObject();
        }

        fields.WriteEndArray();
    }

    private static void WriteIdentification(ReadOnlySpan<byte> pdu, ModbusDirection direction, Utf8JsonWriter fields)
    {
        fields.WriteNumber("mei_type", pdu[1]);
        fields.WriteNumber("read_device_id_code", pdu[2]);
        if (direction == ModbusDirection.Request)
        {
            fields.WriteNumber("object_id", pdu[3]);
            return;
        }

        ModbusDeviceIdentificationReply.TryRead(pdu, out ModbusDeviceIdentificationReply reply, out _);
        fields.WriteNumber("conformity", reply.Conformity);
        fields.WriteNumber("more_follows", pdu[4]);
        fields.WriteNumber("next_object_id", reply.NextObject);
        fields.WriteStartObject("objects");
        foreach (ModbusIdentificationObject part in reply)
        {
            fields.WriteString(part.Id.ToString(CultureInfo.InvariantCulture), Encoding.UTF8.GetString(part.Value));
        }

        fields.WriteEndObject();
    }

    private static void WriteValue(ModbusFunction function, ushort value, Utf8JsonWriter fields)
    {
        const ushort on = 0xFF00;
        if (function == ModbusFunction.WriteSingleCoil)
        {
            fields.WriteString("value_hex", value.ToString("X4", CultureInfo.InvariantCulture));
            fields.WriteBoolean("value", value == on);
        }
        else
        {
            fields.WriteNumber("value", value);
        }
    }

    private static void WriteRegisters(ReadOnlySpan<byte> data, Utf8JsonWriter fields)
    {
        fields.WriteNumber("byte_count", data.Length);
        WriteWords("registers", data, fields);
    }

    private static void WriteBits(ReadOnlySpan<byte> data, int count, Utf8JsonWriter fields)
    {
        fields.WriteNumber("byte_count", data.Length);
        fields.WriteString("data_hex", Convert.ToHexString(data));
        if (count > MostBits)
        {
            fields.WriteNull("bits");
            return;
        }

        Span<bool> bits = stackalloc bool[count];
        ModbusData.ReadBits(data, bits);
        fields.WriteStartArray("bits");
        foreach (bool bit in bits)
        {
            fields.WriteNumberValue(bit ? 1 : 0);
        }

        fields.WriteEndArray();
    }

    private static void WriteWords(string name, ReadOnlySpan<byte> data, Utf8JsonWriter fields)
    {
        fields.WritePropertyName(name);
        WriteWords(data, fields);
    }

    private static void WriteWords(ReadOnlySpan<byte> data, Utf8JsonWriter fields)
    {
        Span<ushort> words = stackalloc ushort[data.Length / 2];
        ModbusData.ReadRegisters(data, words);
        fields.WriteStartArray();
        foreach (ushort word in words)
        {
            fields.WriteNumberValue(word);
        }

        fields.WriteEndArray();
    }
}
