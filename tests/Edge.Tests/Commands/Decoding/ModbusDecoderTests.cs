using System.Text.Json;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Commands.Decoding;

public sealed class ModbusDecoderTests
{
    /// <summary>Fields of the vector file that speak to people, or tell what the frame's own bytes do not hold: the exchange around it, or what its registers mean.</summary>
    private static readonly string[] NotOfTheBytes =
    [
        "note", "why", "recoverable", "client_sent", "role", "expecting_unit", "server_must_answer", "expected_reply",
        "float32", "float64", "int32", "uint32", "int64", "word_order", "string_big_endian_bytes", "string_byte_swapped",
    ];

    /// <summary>Bad frames that are bad in the role that the file gives them, while their bytes alone are a good frame.</summary>
    private static readonly string[] GoodByThemselves = ["bad_tcp_rtu_bytes_on_tcp_port"];

    [VectorFact]
    public async Task Every_valid_vector_is_explained_in_the_words_of_the_vector_file()
    {
        int count = 0;
        foreach (JsonElement vector in Vectors.Load("modbus").EnumerateArray().Where(v => v.GetProperty("valid").GetBoolean()))
        {
            string name = vector.GetProperty("name").GetString()!;
            string hex = vector.GetProperty("hex").GetString()!;
            (int exitCode, JsonElement json) = await DecodeTool.RunAsync("modbus", hex);
            Assert.True(exitCode == 0, $"{name}: {json}");
            Assert.Null(Difference(vector.GetProperty("decoded"), json, "") is { } difference ? $"{name}: {difference}" : null);
            string direction = vector.GetProperty("direction").GetString()!;
            if (direction != "frame")
            {
                (exitCode, json) = await DecodeTool.RunAsync("modbus", hex, "--direction", direction);
                Assert.True(exitCode == 0, $"{name} as {direction}: {json}");
                Assert.Null(Difference(vector.GetProperty("decoded"), json, "") is { } other ? $"{name} as {direction}: {other}" : null);
            }

            count++;
        }

        Assert.Equal(119, count);
    }

    [VectorFact]
    public async Task Every_malformed_vector_is_refused_with_its_place()
    {
        int refused = 0;
        foreach (JsonElement vector in Vectors.Load("modbus").EnumerateArray().Where(v => !v.GetProperty("valid").GetBoolean()))
        {
            string name = vector.GetProperty("name").GetString()!;
            string hex = vector.GetProperty("hex").GetString()!;
            (int exitCode, JsonElement json) = await DecodeTool.RunAsync("modbus", hex);
            if (vector.GetProperty("decoded").TryGetProperty("request", out _) || GoodByThemselves.Contains(name))
            {
                // Only the exchange around it makes it wrong.
                Assert.Equal(0, exitCode);
                continue;
            }

            Assert.Equal(2, exitCode);
            Assert.Equal(["error", "offset"], json.EnumerateObject().Select(p => p.Name));
            Assert.NotEmpty(json.GetProperty("error").GetString()!);
            Assert.InRange(json.GetProperty("offset").GetInt32(), 0, hex.Length / 2);
            refused++;
        }

        Assert.Equal(18, refused);
    }

    [Theory]
    [InlineData("010345", "too short: the shortest frame has 4 bytes", 3)]
    [InlineData("110306022B0000", "the frame is cut short", 7)]
    [InlineData("0103006B00031774", "the CRC is wrong: the frame says 7417, its bytes give 1774: its bytes are swapped, the low one goes first", 6)]
    [InlineData("0103050001000200B20E", "the byte count of registers is odd", 2)]
    [InlineData("01830200F150", "an exception reply has one code and nothing more", 3)]
    [InlineData("000103006B00037417", "noise: a whole frame begins at byte 1 only", 0)]
    [InlineData("0103006B00037417FF", "these bytes behind a whole frame are none", 8)]
    [InlineData("000500010007010304000A000B", "the protocol identifier is not 0: this is no Modbus TCP, perhaps RTU without its gateway", 2)]
    [InlineData("000500000008010304000A000B", "cut short: the MBAP length promises 8 bytes behind it, 7 are there", 13)]
    [InlineData("000500000000", "the MBAP length is under 2: no function code", 4)]
    [InlineData("0005000000", "the MBAP header is cut short", 5)]
    public async Task Mistakes_name_their_place(string hex, string error, int offset)
    {
        (int exitCode, JsonElement json) = await DecodeTool.RunAsync("modbus", hex);
        Assert.Equal((2, error, offset), (exitCode, json.GetProperty("error").GetString(), json.GetProperty("offset").GetInt32()));
    }

    [Fact]
    public async Task Who_sent_it_can_be_said_where_the_bytes_would_do_for_both()
    {
        // Coils 0x0305 and 0x12 of them, or three bytes of coils.
        const string both = "000100000006010103050012";
        (_, JsonElement request) = await DecodeTool.RunAsync("modbus", both);
        Assert.Equal(0x305, request.GetProperty("address").GetInt32());
        (_, JsonElement response) = await DecodeTool.RunAsync("modbus", both, "--direction", "response");
        Assert.Equal("050012", response.GetProperty("data_hex").GetString());
    }

    [Fact]
    public async Task Bytes_that_are_no_frame_of_the_said_direction_are_refused()
    {
        (int exitCode, JsonElement json) = await DecodeTool.RunAsync("modbus", "1103006B00037687", "--direction", "response");
        Assert.Equal((2, "the byte count differs from the bytes that follow it"), (exitCode, json.GetProperty("error").GetString()));
    }

    private static string? Difference(JsonElement said, JsonElement shown, string field)
    {
        switch (said.ValueKind)
        {
            case JsonValueKind.Object:
                return said.EnumerateObject().Where(p => !NotOfTheBytes.Contains(p.Name))
                    .Select(p => shown.TryGetProperty(p.Name, out JsonElement value)
                        ? Difference(p.Value, value, p.Name) is { } inside ? $"{p.Name}: {inside}" : null
                        : $"{p.Name} is missing").FirstOrDefault(difference => difference is not null);
            case JsonValueKind.Array when field == "bits":
                // How many bits of the last byte count, the request knows; those beyond are the padding.
                bool alike = said.EnumerateArray().Zip(shown.EnumerateArray()).All(pair => pair.First.GetInt32() == pair.Second.GetInt32());
                bool padded = shown.EnumerateArray().Skip(said.GetArrayLength()).All(bit => bit.GetInt32() == 0);
                return alike && padded && shown.GetArrayLength() - said.GetArrayLength() is >= 0 and < 8 ? null : $"{shown} instead of {said}";
            case JsonValueKind.Array:
                return said.GetArrayLength() != shown.GetArrayLength()
                    ? $"{shown.GetArrayLength()} entries instead of {said.GetArrayLength()}"
                    : said.EnumerateArray().Zip(shown.EnumerateArray(), (a, b) => Difference(a, b, "")).FirstOrDefault(difference => difference is not null);
            case JsonValueKind.String when field == "transport":
                // RTU over TCP has the same bytes as RTU.
                return said.GetString()!.StartsWith(shown.GetString()!, StringComparison.Ordinal) ? null : $"{shown} instead of {said}";
            case JsonValueKind.Number:
                return shown.ValueKind == JsonValueKind.Number && said.GetDecimal() == shown.GetDecimal() ? null : $"{shown} instead of {said}";
            default:
                return said.ValueKind == shown.ValueKind && said.ToString() == shown.ToString() ? null : $"{shown} instead of {said}";
        }
    }
}
