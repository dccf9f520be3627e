using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace IotProperty.Hub.Api.Json;

/// <summary>RFC 3339 at the border, milliseconds since the Unix epoch (UTC) inside.</summary>
public static partial class Instant
{
    public const string Mend = "a time in RFC 3339 with its offset, for instance \"2026-11-22T08:00:00Z\"";

    private static readonly long MinMs = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long MaxMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Writes a time; one outside the years 1 to 9999, which only a broken clock tells, as the nearest that RFC 3339 can say.</summary>
    public static string Format(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(ms, MinMs, MaxMs)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Refuses a time without offset: nobody can know which zone was meant.</summary>
    public static bool TryRead(string? text, out long ms)
    {
        ms = 0;
        if (text is null || text.Length > 40 || !Shape().IsMatch(text)
            || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time))
        {
            return false;
        }

        ms = time.ToUnixTimeMilliseconds();
        return true;
    }

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})\z")]
    private static partial Regex Shape();
}

/// <summary>A time that must be there.</summary>
internal sealed class InstantConverter : JsonConverter<long>
{
    public static InstantConverter Instance { get; } = new();

    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Instant.TryRead(reader.GetString(), out long ms) ? ms : throw new JsonException($"must be {Instant.Mend}");

    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) => writer.WriteStringValue(Instant.Format(value));
}

/// <summary>A time that may be absent.</summary>
internal sealed class OptionalInstantConverter : JsonConverter<long?>
{
    public static OptionalInstantConverter Instance { get; } = new();

    public override long? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? null : InstantConverter.Instance.Read(ref reader, typeof(long), options);

    public override void Write(Utf8JsonWriter writer, long? value, JsonSerializerOptions options)
    {
        if (value is { } ms)
        {
            writer.WriteStringValue(Instant.Format(ms));
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
