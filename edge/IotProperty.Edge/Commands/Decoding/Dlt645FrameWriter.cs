using System.Globalization;
using System.Text.Json;
using IotProperty.Protocols.Dlt645;

namespace IotProperty.Edge.Commands.Decoding;

/// <summary>Writes the fields of one DL/T 645 frame as properties of an object that is already open.</summary>
internal static class Dlt645FrameWriter
{
    public static void Write(in Dlt645Frame frame, Utf8JsonWriter fields)
    {
        Dlt645Edition edition = Dlt645Functions.EditionOf(frame.Control.Code);
        Dlt645Function function = Dlt645Functions.Of(edition, frame.Control.Code);
        Span<byte> buffer = stackalloc byte[Dlt645Frame.MaxDataBytes];
        ReadOnlySpan<byte> data = buffer[..frame.CopyData(buffer)];
        fields.WriteString("version", edition == Dlt645Edition.Y2007 ? "2007" : "1997");
        fields.WriteNumber("preamble", frame.WakeUpBytes);
        fields.WriteString("address", frame.Address.ToString());
        fields.WriteString("control", Hex(frame.Control.Value));
        fields.WriteBoolean("from_meter", frame.Control.FromMeter);
        fields.WriteBoolean("error", frame.Control.IsRefusal);
        fields.WriteBoolean("more_follows", frame.Control.MoreFollows);
        fields.WriteString("function", Name(function));
        fields.WriteNumber("length", data.Length);
        fields.WriteString("checksum", Hex(frame.Checksum));
        if (!data.IsEmpty)
        {
            fields.WriteString("data_hex", Convert.ToHexString(data));
        }

        if (!frame.Control.FromMeter)
        {
            WriteRequest(frame.Address, edition, function, data, fields);
        }
        else if (frame.Control.IsRefusal)
        {
            WriteRefusal(data, fields);
        }
        else
        {
            WriteAnswer(edition, function, data, fields);
        }
    }

    private static void WriteRequest(Dlt645MeterAddress address, Dlt645Edition edition, Dlt645Function function, ReadOnlySpan<byte> data, Utf8JsonWriter fields)
    {
        if (!Dlt645Request.TryRead(edition, function, data, out Dlt645Request request))
        {
            return;
        }

        if (request.Identifier is { } identifier)
        {
            fields.WriteString("di", identifier.ToString());
        }

        if (request.Sequence is { } sequence)
        {
            fields.WriteNumber("sequence", sequence);
        }

        if (function == Dlt645Function.ChangePassword)
        {
            WritePassword("old", request.Authority!, fields);
            WritePassword("new", Dlt645Authority.Read(request.Body), fields);
        }
        else if (request.Authority is { } authority)
        {
            fields.WriteString("password_level", Hex(authority.Level));
            fields.WriteString("password", authority.Password);
            if (authority.OperatorCode.Length > 0)
            {
                fields.WriteString("operator", authority.OperatorCode);
            }
        }

        WriteBody(request, fields);
        if (function == Dlt645Function.BroadcastTime || (function == Dlt645Function.Freeze && address.IsBroadcast))
        {
            fields.WriteBoolean("reply_expected", false);
        }
    }

    private static void WriteBody(in Dlt645Request request, Utf8JsonWriter fields)
    {
        switch (request.Function)
        {
            case Dlt645Function.WriteData:
                WriteWrittenValue(request.Identifier!.Value, request.Body, fields);
                break;
            case Dlt645Function.WriteAddress:
                fields.WriteString("new_address", Dlt645MeterAddress.Read(request.Body).ToString());
                break;
            case Dlt645Function.BroadcastTime:
                fields.WriteString("time", Dlt645Clock.Second(request.Body));
                break;
            case Dlt645Function.Freeze:
                fields.WriteString("freeze_time", $"MM={Hex(request.Body[3])} DD={Hex(request.Body[2])} hh={Hex(request.Body[1])} mm={Hex(request.Body[0])}");
                fields.WriteString("freeze_kind", Dlt645FreezeTime.TryRead(request.Body, out Dlt645FreezeTime time) ? time.Kind : null);
                break;
            case Dlt645Function.ChangeBaud:
                WriteBaud(request.Body[0], fields);
                break;
            case Dlt645Function.RelayControl:
                fields.WriteString("n1", Hex(request.Body[0]));
                fields.WriteString("action", Name((Dlt645RelayAction)request.Body[0]));
                fields.WriteString("n2", Hex(request.Body[1]));
                fields.WriteString("valid_until_bcd_YYMMDDhhmmss", Dlt645Text.TopFirst(request.Body[2..]));
                break;
            default:
                break;
        }
    }

    private static void WriteWrittenValue(Dlt645Identifier identifier, ReadOnlySpan<byte> value, Utf8JsonWriter fields)
    {
        fields.WriteString("write_value_hex", Convert.ToHexString(value));
        if (Dlt645ItemTable.Find(identifier) is not { } item || item.CountIn(value) == 0)
        {
            return;
        }

        fields.WriteStartObject("write");
        WriteItem(item, identifier, value, fields);
        fields.WriteEndObject();
    }

    private static void WriteRefusal(ReadOnlySpan<byte> data, Utf8JsonWriter fields)
    {
        if (data.IsEmpty)
        {
            return;
        }

        fields.WriteNumber("error_code", data[0]);
        fields.WriteStartArray("error_bits");
        foreach (string name in Dlt645RefusalText.NamesOf((Dlt645Refusals)data[0]))
        {
            fields.WriteStringValue(name);
        }

        fields.WriteEndArray();
    }

    private static void WriteAnswer(Dlt645Edition edition, Dlt645Function function, ReadOnlySpan<byte> data, Utf8JsonWriter fields)
    {
        switch (function)
        {
            case Dlt645Function.ReadData or Dlt645Function.ReadFollowing or Dlt645Function.ReadAgain:
                WriteReadData(edition, function, data, fields);
                break;
            case Dlt645Function.ReadAddress when data.Length == Dlt645MeterAddress.Bytes:
                fields.WriteString("read_address", Dlt645MeterAddress.Read(data).ToString());
                break;
            case Dlt645Function.ChangeBaud when data.Length == 1:
                WriteBaud(data[0], fields);
                break;
            case Dlt645Function.ChangePassword when data.Length == Dlt645Authority.PasswordBytes:
                WritePassword("new", Dlt645Authority.Read(data), fields);
                break;
            default:
                break;
        }
    }

    private static void WriteReadData(Dlt645Edition edition, Dlt645Function function, ReadOnlySpan<byte> data, Utf8JsonWriter fields)
    {
        if (!Dlt645Identifier.TryRead(edition, data, out Dlt645Identifier identifier))
        {
            return;
        }

        fields.WriteString("di", identifier.ToString());
        ReadOnlySpan<byte> value = data[identifier.Length..];
        if (function == Dlt645Function.ReadFollowing && edition == Dlt645Edition.Y2007 && !value.IsEmpty)
        {
            fields.WriteNumber("sequence", value[^1]);
            value = value[..^1];
        }

        Dlt645Item? item = Dlt645ItemTable.Find(identifier);
        bool understood = item is not null && (item.Format.Kind == Dlt645ValueKind.Raw || item.CountIn(value) > 0);
        if (understood)
        {
            WriteItem(item!, identifier, value, fields);
        }

        if (!value.IsEmpty)
        {
            // A single value is shown as it is written, a row of them as it came.
            fields.WriteString("value_hex", understood && item!.IsBlock ? Dlt645Text.WireOrder(value) : Dlt645Text.TopFirst(value));
        }
    }

    private static void WriteItem(Dlt645Item item, Dlt645Identifier identifier, ReadOnlySpan<byte> data, Utf8JsonWriter fields)
    {
        fields.WriteString("name", item.Name);
        if (item.Unit.Length > 0)
        {
            fields.WriteString("unit", item.SecondUnit is { } second ? $"{item.Unit}, then {second}" : item.Unit);
        }

        if (item.Settlement)
        {
            fields.WriteNumber("settlement", identifier.Di0);
        }

        int count = item.CountIn(data);
        if (item.IsBlock)
        {
            WriteBlock(item, count, data, fields);
        }
        else if (count == 1)
        {
            WriteSingle(item, identifier, data, fields);
        }
    }

    private static void WriteSingle(Dlt645Item item, Dlt645Identifier identifier, ReadOnlySpan<byte> wire, Utf8JsonWriter fields)
    {
        fields.WritePropertyName("value");
        WriteValue(item.Format, wire, fields);
        if (item.Format.Stamped)
        {
            fields.WriteString("time", item.Format.Stamp(wire));
        }

        if (item.Format.Weekday(wire) is { } weekday)
        {
            fields.WriteNumber("weekday", weekday);
        }

        if (item.Format.Kind == Dlt645ValueKind.Word)
        {
            fields.WriteString("hex", Dlt645Text.TopFirst(wire));
        }

        if (Dlt645StatusWords.WordOf(identifier) == 3)
        {
            // Both bits stand in the lower byte, which comes first.
            fields.WriteBoolean("relay_open", (wire[0] & (1 << Dlt645StatusWords.RelayOpenBit)) != 0);
            fields.WriteBoolean("relay_command_open", (wire[0] & (1 << Dlt645StatusWords.RelayOrderedOpenBit)) != 0);
        }
    }

    private static void WriteBlock(Dlt645Item item, int count, ReadOnlySpan<byte> data, Utf8JsonWriter fields)
    {
        fields.WriteStartArray("values");
        for (int i = 0; i < count; i++)
        {
            WriteValue(item.Format, item.ValueAt(data, i), fields);
        }

        fields.WriteEndArray();
        if (!item.Format.Stamped)
        {
            return;
        }

        fields.WriteStartArray("times");
        for (int i = 0; i < count; i++)
        {
            fields.WriteStringValue(item.Format.Stamp(item.ValueAt(data, i)));
        }

        fields.WriteEndArray();
    }

    private static void WriteValue(Dlt645Format format, ReadOnlySpan<byte> wire, Utf8JsonWriter fields)
    {
        if (!format.IsNumber)
        {
            fields.WriteStringValue(format.Text(wire));
        }
        else if (format.TryNumber(wire, out decimal number))
        {
            fields.WriteNumberValue(number);
        }
        else
        {
            fields.WriteNullValue();
        }
    }

    private static void WritePassword(string which, Dlt645Authority authority, Utf8JsonWriter fields)
    {
        fields.WriteString($"{which}_level", Hex(authority.Level));
        fields.WriteString($"{which}_password", authority.Password);
    }

    private static void WriteBaud(byte word, Utf8JsonWriter fields)
    {
        int baud = Dlt645BaudRate.Read(word);
        if (baud == 0)
        {
            fields.WriteNull("baud");
        }
        else
        {
            fields.WriteNumber("baud", baud);
        }
    }

    private static string Hex(byte value) => value.ToString("X2", CultureInfo.InvariantCulture);

    private static string Name(Dlt645Function function) => function switch
    {
        Dlt645Function.ReadData => "read_data",
        Dlt645Function.ReadFollowing => "read_following",
        Dlt645Function.ReadAgain => "read_again",
        Dlt645Function.ReadAddress => "read_address",
        Dlt645Function.WriteData => "write_data",
        Dlt645Function.WriteAddress => "write_address",
        Dlt645Function.BroadcastTime => "broadcast_time",
        Dlt645Function.Freeze => "freeze",
        Dlt645Function.ChangeBaud => "change_baud",
        Dlt645Function.ChangePassword => "change_password",
        Dlt645Function.ClearDemand => "clear_demand",
        Dlt645Function.ClearMeter => "clear_meter",
        Dlt645Function.ClearEvents => "clear_events",
        Dlt645Function.RelayControl => "relay_control",
        Dlt645Function.SelectOutput => "select_output",
        _ => "unknown",
    };

    private static string Name(Dlt645RelayAction action) => action switch
    {
        Dlt645RelayAction.Trip => "trip (open)",
        Dlt645RelayAction.PermitClose => "close permitted",
        Dlt645RelayAction.Close => "close",
        Dlt645RelayAction.Alarm => "alarm",
        Dlt645RelayAction.CancelAlarm => "cancel alarm",
        Dlt645RelayAction.KeepPower => "keep power",
        Dlt645RelayAction.CancelKeepPower => "cancel keep power",
        _ => "unknown",
    };
}
