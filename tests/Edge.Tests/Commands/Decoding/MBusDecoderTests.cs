using System.Text.Json;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Commands.Decoding;

public sealed class MBusDecoderTests
{
    private static readonly JsonDifference Difference = new("note", "meaning", "own_decoder_says");

    [VectorFact]
    public async Task Every_vector_is_explained_in_the_words_of_the_vector_file()
    {
        int sound = 0;
        foreach (JsonElement vector in Vectors.Load("mbus").EnumerateArray().Where(v => v.GetProperty("valid").GetBoolean()))
        {
            (int exitCode, JsonElement json) = await DecodeTool.RunAsync("mbus", vector.GetProperty("hex").GetString()!);
            Assert.Equal(0, exitCode);
            bool isStretch = vector.GetProperty("decoded").TryGetProperty("frames", out _);
            string? difference = Difference.Between(vector.GetProperty("decoded"), json, exact: !isStretch);
            Assert.Null(difference is null ? null : $"{vector.GetProperty("name")}: {difference}");
            sound++;
        }

        Assert.Equal(130, sound);
    }

    [VectorFact]
    public async Task Every_malformed_vector_is_refused_with_its_place()
    {
        int refused = 0;
        foreach (JsonElement vector in Vectors.Load("mbus").EnumerateArray().Where(v => !v.GetProperty("valid").GetBoolean()))
        {
            string hex = vector.GetProperty("hex").GetString()!;
            (int exitCode, JsonElement json) = await DecodeTool.RunAsync("mbus", hex);
            Assert.Equal(2, exitCode);
            Assert.Equal(["error", "offset"], json.EnumerateObject().Select(p => p.Name));
            Assert.NotEqual("", json.GetProperty("error").GetString());
            Assert.InRange(json.GetProperty("offset").GetInt32(), 0, hex.Length / 2);
            refused++;
        }

        Assert.Equal(29, refused);
    }

    [Theory]
    [InlineData("FD", "the first byte is neither E5, 10 nor 68", 0)]
    [InlineData("105B01", "the frame is cut short", 3)]
    [InlineData("105B015D16", "the checksum is wrong", 3)]
    [InlineData("681F1E68", "the two L differ", 2)]
    [InlineData("680000680816", "L is below 3", 1)]
    [InlineData("105B015C16 FF", "behind a whole frame: the first byte is neither E5, 10 nor 68", 5)]
    [InlineData("681010680801729900001021040107010000003F9116", "the special DIF 3F is reserved", 19)]
    [InlineData("681313680801729800001021040107010000000D13FB006C16", "the length FB of variable data is reserved", 21)]
    public async Task Mistakes_name_their_place(string hex, string error, int offset)
    {
        (int exitCode, JsonElement json) = await DecodeTool.RunAsync("mbus", hex);
        Assert.Equal((2, error, offset), (exitCode, json.GetProperty("error").GetString(), json.GetProperty("offset").GetInt32()));
    }
}
