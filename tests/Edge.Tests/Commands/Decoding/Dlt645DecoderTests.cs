using System.Text.Json;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Commands.Decoding;

public sealed class Dlt645DecoderTests
{
    private static readonly JsonDifference Difference = new("note", "why", "meaning", "own_decoder_says", "recoverable", "client_sent");

    /// <summary>Its bytes are a frame of either edition; only whoever sent it knows.</summary>
    private const string OfEitherEdition = "v97_con_broadcast_time";

    [VectorFact]
    public async Task Every_vector_is_explained_in_the_words_of_the_vector_file()
    {
        int sound = 0;
        foreach (JsonElement vector in Vectors.Load("dlt645").EnumerateArray())
        {
            string name = vector.GetProperty("name").GetString()!;
            (int exitCode, JsonElement json) = await DecodeTool.RunAsync("dlt645", vector.GetProperty("hex").GetString()!);
            if (!vector.GetProperty("valid").GetBoolean())
            {
                Assert.Equal(2, exitCode);
                Assert.Equal(["error", "offset"], json.EnumerateObject().Select(p => p.Name));
                Assert.InRange(json.GetProperty("offset").GetInt32(), 0, vector.GetProperty("hex").GetString()!.Length / 2);
                continue;
            }

            Assert.Equal(0, exitCode);
            bool isStream = vector.GetProperty("decoded").TryGetProperty("frames", out _);
            string? difference = Difference.Between(vector.GetProperty("decoded"), json, exact: !isStream);
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
        (int exitCode, JsonElement json) = await DecodeTool.RunAsync("dlt645", hex);
        Assert.Equal((2, error, offset), (exitCode, json.GetProperty("error").GetString(), json.GetProperty("offset").GetInt32()));
    }
}
