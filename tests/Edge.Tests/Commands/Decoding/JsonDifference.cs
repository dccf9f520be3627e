using System.Text.Json;

namespace IotProperty.Edge.Tests.Commands.Decoding;

/// <summary>Compares what a vector file says of a frame with what the command shows.</summary>
/// <param name="notOfTheBytes">Fields that speak to people, or tell the context of a frame that its bytes do not hold.</param>
internal sealed class JsonDifference(params string[] notOfTheBytes)
{
    /// <param name="exact">Whether the explanation may say no more than the file does; of a stream the file tells excerpts only.</param>
    /// <returns>The first difference with its place, or null.</returns>
    public string? Between(JsonElement said, JsonElement shown, bool exact)
    {
        switch (said.ValueKind)
        {
            case JsonValueKind.Object:
                string[] expected = [.. said.EnumerateObject().Select(p => p.Name).Except(notOfTheBytes)];
                string[] extra = [.. shown.EnumerateObject().Select(p => p.Name).Except(expected).Except(notOfTheBytes)];
                if (exact && extra.Length > 0)
                {
                    return $"also tells {string.Join(", ", extra)}";
                }

                return expected.Select(name => shown.TryGetProperty(name, out JsonElement value)
                    ? Between(said.GetProperty(name), value, exact) is { } inside ? $"{name}: {inside}" : null
                    : $"{name} is missing").FirstOrDefault(difference => difference is not null);
            case JsonValueKind.Array:
                return said.GetArrayLength() != shown.GetArrayLength()
                    ? $"{shown.GetArrayLength()} entries instead of {said.GetArrayLength()}"
                    : said.EnumerateArray().Zip(shown.EnumerateArray(), (a, b) => Between(a, b, exact)).FirstOrDefault(difference => difference is not null);
            case JsonValueKind.Number:
                return shown.ValueKind == JsonValueKind.Number && said.GetDecimal() == shown.GetDecimal() ? null : $"{shown} instead of {said}";
            default:
                return said.ValueKind == shown.ValueKind && said.ToString() == shown.ToString() ? null : $"{shown} instead of {said}";
        }
    }
}
