using System.Text.Json;
using System.Text.Json.Serialization;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Api.Json;

/// <summary><c>{"en":…,"zhCn":…}</c>; one of the two may be left out and then stands for both.</summary>
internal sealed class LocalTextConverter : JsonConverter<LocalText>
{
    public override LocalText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        Parts? parts = JsonSerializer.Deserialize<Parts>(ref reader, options);
        string? any = Present(parts?.En) ?? Present(parts?.ZhCn);
        return any is null
            ? throw new JsonException("must name at least one of \"en\" and \"zhCn\"")
            : new LocalText(Present(parts!.En) ?? any, Present(parts.ZhCn) ?? any);
    }

    public override void Write(Utf8JsonWriter writer, LocalText value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("en", value.En);
        writer.WriteString("zhCn", value.ZhCn);
        writer.WriteEndObject();
    }

    private static string? Present(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    internal sealed record Parts(string? En = null, string? ZhCn = null);
}
