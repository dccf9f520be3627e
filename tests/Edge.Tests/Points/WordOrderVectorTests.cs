using System.Text.Json;
using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Points;

/// <summary>The multi-register values of the outside vectors: every one that names its word order and what the registers mean.</summary>
public class WordOrderVectorTests
{
    private static readonly Dictionary<string, PointType> Types = new()
    {
        ["float32"] = PointType.Float32,
        ["float64"] = PointType.Float64,
        ["int32"] = PointType.Int32,
        ["uint32"] = PointType.Uint32,
        ["int64"] = PointType.Int64,
    };

    [VectorFact]
    public void Every_multi_register_value_of_the_vectors_is_read_in_its_word_order()
    {
        int values = 0;
        foreach (JsonElement vector in Vectors.Load("modbus").EnumerateArray())
        {
            JsonElement decoded = vector.GetProperty("decoded");
            if (!decoded.TryGetProperty("word_order", out JsonElement order))
            {
                continue;
            }

            ushort[] registers = [.. decoded.GetProperty("registers").EnumerateArray().Select(register => register.GetUInt16())];
            foreach ((string name, PointType type) in Types)
            {
                if (decoded.TryGetProperty(name, out JsonElement expected))
                {
                    PointDefinition point = new()
                    {
                        Id = "value",
                        Name = new LocalText("Value", "数值"),
                        Place = new RegisterPlace(PointTable.Holding, 0, type) { WordOrder = OrderOf(order.GetString()!) },
                    };

                    Assert.Equal(new PointValue(expected.GetDouble(), Quality.Good), PointDecoder.Decode(point, registers));
                    values++;
                }
            }
        }

        Assert.Equal(10, values);
    }

    private static WordOrder OrderOf(string text) => text switch
    {
        "ABCD" or "ABCDEFGH" => WordOrder.Abcd,
        "CDAB" or "low word first (GHEFCDAB)" => WordOrder.Cdab,
        "BADC" => WordOrder.Badc,
        "DCBA" => WordOrder.Dcba,
        _ => throw new InvalidOperationException($"a vector names the word order '{text}', which this test does not know yet"),
    };
}
