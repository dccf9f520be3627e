using System.Globalization;
using System.Text.Json;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Protocols.Tests.Modbus;

/// <summary>Compares a PDU of a function that neither reads nor writes points with a vector's decoded fields.</summary>
internal static class ModbusDiagnosticsAssert
{
    public static void Matches(ModbusVector vector, ReadOnlySpan<byte> pdu)
    {
        switch ((ModbusFunction)pdu[0])
        {
            case ModbusFunction.ReadFileRecord or ModbusFunction.WriteFileRecord:
                FileRecordsMatch(vector, pdu);
                break;
            case ModbusFunction.EncapsulatedInterface:
                IdentificationMatches(vector, pdu);
                break;
            case var _ when ModbusDiagnostics.Knows(pdu[0]):
                DiagnosticsMatch(vector, pdu);
                break;
            default:
                // The user's own functions and those that nobody defined are handed over as they came.
                Assert.Contains(vector.Int("function"), (int[])[65, 90]);
                break;
        }
    }

    private static void DiagnosticsMatch(ModbusVector vector, ReadOnlySpan<byte> pdu)
    {
        Assert.True(ModbusDiagnostics.TryRead(pdu, vector.ModbusDirection, out ModbusDiagnostics read, out string why), $"{vector.Name}: {why}");
        (string Field, int Value)[] numbers =
        [
            ("exception_status", read.ExceptionStatus), ("sub_function", read.SubFunction), ("status", read.Status), ("event_count", read.EventCount),
            ("message_count", read.MessageCount), ("address", read.Address), ("fifo_count", read.FifoCount), ("byte_count", read.ByteCount),
        ];
        foreach ((string field, int value) in numbers)
        {
            Assert.True((vector.Has(field) ? vector.Int(field) : 0) == value, $"{vector.Name}: {field} is {value}");
        }

        if (vector.Has("data_hex"))
        {
            Assert.Equal(Convert.ToHexString(vector.Hex("data_hex")), Convert.ToHexString(read.Data));
        }
        else if (vector.Has("events"))
        {
            Assert.Equal(Numbers(vector.Decoded.GetProperty("events")), read.Data.ToArray().Select(b => (int)b));
        }
        else if (vector.Has("data") || vector.Has("registers"))
        {
            Assert.Equal(Numbers(vector.Decoded.GetProperty(vector.Has("data") ? "data" : "registers")), Words(read.Data));
        }
        else
        {
            Assert.True(read.Data.IsEmpty);
        }
    }

    private static void FileRecordsMatch(ModbusVector vector, ReadOnlySpan<byte> pdu)
    {
        Assert.True(ModbusFileRecords.TryRead(pdu, vector.ModbusDirection, out ModbusFileRecords records, out string why), $"{vector.Name}: {why}");
        JsonElement[] expected = [.. vector.Decoded.GetProperty(vector.Has("records") ? "records" : "sub_requests").EnumerateArray()];
        int index = 0;
        foreach (ModbusFileRecord record in records)
        {
            JsonElement said = expected[index++];
            if (said.ValueKind == JsonValueKind.Array)
            {
                Assert.Equal(Numbers(said), Words(record.Data));
                continue;
            }

            Assert.Equal((said.GetProperty("file").GetInt32(), said.GetProperty("record").GetInt32()), (record.File, record.Record));
            if (said.TryGetProperty("registers", out JsonElement registers))
            {
                Assert.Equal(Numbers(registers), Words(record.Data));
            }
            else
            {
                Assert.Equal(said.GetProperty("length").GetInt32(), record.Length);
            }
        }

        Assert.Equal(expected.Length, index);
    }

    private static void IdentificationMatches(ModbusVector vector, ReadOnlySpan<byte> pdu)
    {
        if (vector.Direction == "request")
        {
            byte[] written = new byte[ModbusLimits.MaxPduBytes];
            ModbusDeviceIdentity asked = new((ModbusIdentificationCode)vector.Int("read_device_id_code"), (byte)vector.Int("object_id"));
            Assert.Equal(Convert.ToHexString(pdu), Convert.ToHexString(written.AsSpan(0, asked.WriteRequest(written))));
            return;
        }

        ModbusDeviceIdentity identity = new((ModbusIdentificationCode)vector.Int("read_device_id_code"));
        Assert.True(identity.Take(pdu, out string why), why);
        Assert.Equal(vector.Int("more_follows") == 0, identity.IsComplete);
        Assert.Equal(vector.Int("conformity"), identity.Conformity);
        Assert.Equal(
            vector.Decoded.GetProperty("objects").EnumerateObject().Select(o => (o.Name, o.Value.GetString())),
            identity.Objects.Select(o => (o.Key.ToString(CultureInfo.InvariantCulture), (string?)o.Value)));
    }

    private static IEnumerable<int> Numbers(JsonElement array) => array.EnumerateArray().Select(number => number.GetInt32());

    private static IEnumerable<int> Words(ReadOnlySpan<byte> data)
    {
        ushort[] words = new ushort[data.Length / 2];
        ModbusData.ReadRegisters(data, words);
        return words.Select(word => (int)word);
    }
}
