using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IotProperty.Hub.Api.Json;

/// <summary>Money and meter values: strings, because a JSON number is a binary fraction for many a reader. Trailing zeros are kept.</summary>
internal sealed class ExactDecimalConverter : JsonConverter<decimal>
{
    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDecimal(out decimal number))
        {
            return number;
        }

        return reader.TokenType == JsonTokenType.String && decimal.TryParse(reader.GetString(), Style, CultureInfo.InvariantCulture, out decimal value)
            ? value
            : throw new JsonException("must be an exact decimal in a string, for instance \"0.4883\"");
    }

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
}
