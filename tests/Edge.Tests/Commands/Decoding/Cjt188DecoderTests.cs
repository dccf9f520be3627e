using System.Text.Json;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Commands.Decoding;

public sealed class Cjt188DecoderTests
{
    private static readonly JsonDifference Difference = new("note", "why", "meaning", "own_decoder_says", "recoverable", "client_sent", "role");

    [VectorFact]
    public async Task Every_vector_is_explained_in_the_words_of_the_vector_file()
    {
        int sound = 0;
        foreach (JsonElement vector in Vectors.Load("cjt188").EnumerateArray())
        {
            string name = vector.GetProperty("name").GetString()!;
            (int exitCode, JsonElement json) = await DecodeTool.RunAsync("cjt188", vector.GetProperty("hex").GetString()!);
            if (!vector.GetProperty("valid").GetBoolean())
            {
                Assert.Equal(2, exitCode);
                Assert.Equal(["error", "offset"], json.EnumerateObject().Select(p => p.Name));
                Assert.InRange(json.GetProperty("offset").GetInt32(), 0, vector.GetProperty("hex").GetString()!.Length / 2);
                continue;
            }

            Assert.Equal(0, exitCode);
            bool isStream = vector.GetProperty("direction").GetString() == "frame";
            Assert.Null(Difference.Between(vector.GetProperty("decoded"), json, exact: !isStream) is { } difference ? $"{name}: {difference}" : null);
            sound++;
        }

        Assert.InRange(sound, 70, 500);
    }

    [Theory]
    [InlineData("FEFEFEFE", "there are only wake-up bytes, no frame", 0)]
    [InlineData("FF FF", "there is only noise, no frame", 0)]
    [InlineData("68106655443322110081161F9001452301002C00", "the frame is cut short", 20)]
    [InlineData("FE69", "the start byte is not 68", 1)]
    [InlineData("FEFE6810665544332211000103901F0199 16", "the checksum is wrong", 16)]
    [InlineData("6810665544332211008165", "the length is over 64h", 10)]
    [InlineData("68106900010717200081161F9002000000002C000000002C595416190817201301EF16524F", "bytes that are no frame follow the end of the frame", 35)]
    public async Task Mistakes_name_their_place(string hex, string error, int offset)
    {
        (int exitCode, JsonElement json) = await DecodeTool.RunAsync("cjt188", hex);
        Assert.Equal((2, error, offset), (exitCode, json.GetProperty("error").GetString(), json.GetProperty("offset").GetInt32()));
    }
}
