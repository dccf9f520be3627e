using System.Text.Json;
using IotProperty.Edge.Commands;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Commands.Decoding;

public sealed class Dlt645DecoderTests
{
    /// <summary>Fields of the vector file that speak to people, or tell the context of a frame that its bytes do not hold.</summary>
    private static readonly string[] NotOfTheBytes = ["note", "why", "meaning", "own_decoder_says", "recoverable", "client_sent"];

    /// <summary>Its bytes are a frame of either edition; only whoever sent it knows.</summary>
    private const string OfEitherEdition = "v97_con_broadcast_time";

    [VectorFact]
    public async Task Every_vector_is_explained_in_the_words_of_the_vector_file()
    {
        int sound = 0;
        foreach (JsonElement vector in Vectors.Load("dlt645").EnumerateArray())
        {
            string name = vector.GetProperty("name").GetString()!;
            (int exitCode, JsonElement json) = await DecodeAsync(vector.GetProperty("hex").GetString()!);
            if (!vector.GetProperty("valid").GetBoolean())
            {
                Assert.Equal(2, exitCode);
                Assert.Equal(["error", "offset"], json.EnumerateObject().Select(p => p.Name));
                Assert.InRange(json.GetProperty("offset").GetInt32(), 0, vector.GetProperty("hex").GetString()!.Length / 2);
                continue;
            }

            Assert.Equal(0, exitCode);
            bool isStream = vector.GetProperty("decoded").TryGetProperty("frames", out _);
            string? difference = Difference(vector.GetProperty("decoded"), json, exact: !isStream);
            Assert.Equal(name == OfEitherEdition ? "version: 2007 instead of 1997" : null, difference is null ? null : name == OfEitherEdition ? difference : $"{name}: {difference}");
            sound++;
        }

        Assert.InRange(sound, 120, 500);
    }

    [Theory]
    [InlineData("FEFEFEFE", "there are only wake-up bytes", 4)]
    [InlineData("6812907856341268910833333433896745335516", "the checksum is wrong", 18)]
    [InlineData("00 5A FE 6812907856341268910833333433896745335516", "the checksum is wrong", 21)]
    [InlineData("6812907856341268910833333433896745335417", "the end byte is not 16", 19)]
    [InlineData("6812907856341269910833333433896745335416", "the second start byte is not 68", 7)]
    [InlineData("681290785634126891FF3333", "the length is over 200", 9)]
    [InlineData("681290785634126891083333", "the frame is cut off", 12)]
    [InlineData("6712", "a frame starts with 68", 0)]
    [InlineData("681290785634126891083333343389674533541616", "bytes follow the end of the frame", 20)]
    [InlineData("6812907856341268910833333433896745335416FE68129078", "the frame is cut off", 25)]
    public async Task Mistakes_name_their_place(string hex, string error, int offset)
    {
        (int exitCode, JsonElement json) = await DecodeAsync(hex);
        Assert.Equal((2, error, offset), (exitCode, json.GetProperty("error").GetString(), json.GetProperty("offset").GetInt32()));
    }

    private static async Task<(int ExitCode, JsonElement Json)> DecodeAsync(string hex)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = await EdgeCommandLine.RunAsync(["decode", "dlt645", hex], output, error);
        Assert.Equal("", error.ToString());
        return (exitCode, JsonDocument.Parse(output.ToString()).RootElement);
    }

    /// <param name="exact">Whether the explanation may say no more than the file does; of a stream the file tells excerpts only.</param>
    private static string? Difference(JsonElement said, JsonElement shown, bool exact)
    {
        switch (said.ValueKind)
        {
            case JsonValueKind.Object:
                string[] expected = [.. said.EnumerateObject().Select(p => p.Name).Except(NotOfTheBytes)];
                string[] extra = [.. shown.EnumerateObject().Select(p => p.Name).Except(expected).Except(NotOfTheBytes)];
                if (exact && extra.Length > 0)
                {
                    return $"also tells {string.Join(", ", extra)}";
                }

                return expected.Select(name => shown.TryGetProperty(name, out JsonElement value)
                    ? Difference(said.GetProperty(name), value, exact) is { } inside ? $"{name}: {inside}" : null
                    : $"{name} is missing").FirstOrDefault(difference => difference is not null);
            case JsonValueKind.Array:
                return said.GetArrayLength() != shown.GetArrayLength()
                    ? $"{shown.GetArrayLength()} entries instead of {said.GetArrayLength()}"
                    : said.EnumerateArray().Zip(shown.EnumerateArray(), (a, b) => Difference(a, b, exact)).FirstOrDefault(difference => difference is not null);
            case JsonValueKind.Number:
                return shown.ValueKind == JsonValueKind.Number && said.GetDecimal() == shown.GetDecimal() ? null : $"{shown} instead of {said}";
            default:
                return said.ValueKind == shown.ValueKind && said.ToString() == shown.ToString() ? null : $"{shown} instead of {said}";
        }
    }
}
