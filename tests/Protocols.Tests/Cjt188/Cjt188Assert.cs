using System.Globalization;
using System.Text.Json;
using IotProperty.Protocols.Cjt188;

namespace IotProperty.Protocols.Tests.Cjt188;

/// <summary>Compares a frame with what the vector file says about it, field by field, and writes it back.</summary>
internal static class Cjt188Assert
{
    public static void Matches(Cjt188Vector vector, in Cjt188Frame frame)
    {
        JsonElement said = vector.Decoded;
        Assert.Equal(said.GetProperty("meter_type").GetString(), Hex(frame.MeterType));
        Assert.Equal(said.GetProperty("meter_kind").GetString(), Cjt188MeterType.Name(frame.MeterType));
        Assert.Equal(said.GetProperty("address").GetString(), frame.Address.ToString());
        Assert.Equal(said.GetProperty("control").GetString(), Hex(frame.Control));
        Assert.Equal(said.GetProperty("from_meter").GetBoolean(), frame.FromMeter);
        Assert.Equal(said.GetProperty("error").GetBoolean(), frame.IsError);
        Assert.Equal(said.GetProperty("length").GetInt32(), frame.Data.Length);
        Assert.Equal(said.GetProperty("checksum").GetString(), Hex(frame.Checksum));
        byte[] rewritten = new byte[Cjt188Frame.MaxBytes];
        if (frame.IsError)
        {
            Assert.Equal(said.GetProperty("data_hex").GetString(), Convert.ToHexString(frame.Data));
            frame.Data.CopyTo(rewritten.AsSpan(Cjt188Frame.DataAt));
        }
        else
        {
            Assert.True(Cjt188Body.TryRead(frame.Data, null, out Cjt188Body body));
            Assert.Equal(said.GetProperty("di").GetString(), body.Identifier.ToString("X4", CultureInfo.InvariantCulture));
            Assert.Equal(said.GetProperty("di_order").GetString(), body.Order == Cjt188IdentifierOrder.HighByteFirst ? "high byte first" : "low byte first");
            Assert.Equal(said.GetProperty("serial").GetInt32(), body.Serial);
            byte[] payload = Payload(said, frame, body);
            Cjt188Body.Write(rewritten.AsSpan(Cjt188Frame.DataAt), body.Identifier, body.Order, body.Serial, payload);
        }

        int length = Cjt188Frame.Seal(rewritten, frame.MeterType, frame.Address, frame.Control, frame.Data.Length);
        Assert.Equal(Convert.ToHexString(vector.Frame), Convert.ToHexString(rewritten.AsSpan(0, length)));
    }

    /// <summary>Checks every field of the payload, and returns it written anew from the values alone.</summary>
    private static byte[] Payload(JsonElement said, in Cjt188Frame frame, in Cjt188Body body)
    {
        Assert.Equal(said.TryGetProperty("payload_hex", out JsonElement hex) ? hex.GetString() : "", Convert.ToHexString(body.Payload));
        byte[] written = body.Payload.ToArray();
        Cjt188Layout? layout = LayoutOf(frame, body);
        if (layout is null)
        {
            return written;
        }

        Assert.Equal(said.TryGetProperty("layout", out JsonElement edition) ? edition.GetString() : "", layout.Edition);
        bool unitFirst = layout.LooksUnitFirst(body.Payload);
        foreach (Cjt188Field field in layout.Fields)
        {
            JsonElement value = said.GetProperty(field.Name);
            Check(field, value, body.Payload, written, unitFirst);
        }

        return written;
    }

    private static Cjt188Layout? LayoutOf(in Cjt188Frame frame, in Cjt188Body body)
    {
        if (!frame.FromMeter)
        {
            return Cjt188Layout.OfWrite(body.Identifier, body.Payload.Length);
        }

        return frame.Function == Cjt188Function.ReadData
            ? Cjt188Layout.OfReading(body.Identifier, frame.MeterType, body.Payload.Length)
            : body.Identifier == Cjt188Identifier.WriteValve ? Cjt188Layout.ValveReply : null;
    }

    private static void Check(Cjt188Field field, JsonElement said, ReadOnlySpan<byte> payload, byte[] written, bool unitFirst)
    {
        switch (field.Kind)
        {
            case Cjt188FieldKind.Quantity:
                Cjt188Quantity quantity = field.ReadQuantity(payload, unitFirst);
                Assert.Equal(Decimal(said.GetProperty("value")), quantity.Value);
                Assert.Equal(said.GetProperty("unit_code").GetString(), Hex(quantity.UnitCode));
                Assert.Equal(said.GetProperty("unit").GetString(), Cjt188Unit.Name(quantity.UnitCode));
                field.WriteQuantity(written, quantity.Value, quantity.UnitCode, unitFirst);
                break;
            case Cjt188FieldKind.Number:
                Assert.Equal(Decimal(said), field.ReadNumber(payload));
                field.WriteNumber(written, field.ReadNumber(payload));
                break;
            case Cjt188FieldKind.Time:
                Assert.Equal(said.GetString(), field.ReadTime(payload)?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
                if (field.ReadTime(payload) is { } time)
                {
                    field.WriteTime(written, time);
                }

                break;
            case Cjt188FieldKind.Status:
                Cjt188Status status = field.ReadStatus(payload);
                Assert.Equal(said.GetProperty("hex").GetString(), status.ToString());
                Assert.Equal(said.GetProperty("valve").GetString(), status.Valve.ToString(), ignoreCase: true);
                Assert.Equal(said.GetProperty("battery_low").GetBoolean(), status.BatteryLow);
                field.WriteStatus(written, status);
                break;
            case Cjt188FieldKind.ValveCommand:
                Assert.StartsWith(((Cjt188ValveCommand)payload[0]).ToString()[..4], said.GetString(), StringComparison.OrdinalIgnoreCase);
                break;
            default:
                Assert.Equal(said.GetString(), Cjt188AddressField.Read(payload).ToString());
                break;
        }
    }

    private static decimal? Decimal(JsonElement json) => json.ValueKind == JsonValueKind.Null ? null : json.GetDecimal();

    private static string Hex(byte value) => value.ToString("X2", CultureInfo.InvariantCulture);
}
