using System.Globalization;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Profiles;

/// <summary>What the registers of real devices mean, worked out by hand from their manuals.</summary>
public class ShippedModbusValueTests
{
    [Theory]

    // 12 mA is half of 0-1.6 MPa; 3.5 mA is a broken wire and not an empty main (NAMUR NE 43).
    [InlineData("waveshare-ai8-fire-main", "pressure", "2EE0", 0.8, Quality.Good)]
    [InlineData("waveshare-ai8-fire-main", "pressure", "0FA0", 0, Quality.Good)]
    [InlineData("waveshare-ai8-fire-main", "pressure", "4E20", 1.6, Quality.Good)]
    [InlineData("waveshare-ai8-fire-main", "pressure", "0DAC", -0.05, Quality.OutOfRange)]
    [InlineData("waveshare-ai8-fire-main", "pressure", "0000", -0.4, Quality.OutOfRange)]
    [InlineData("waveshare-ai8", "ai8", "2EE0", 12, Quality.Good)]

    // Word 101DH 3470H: full load, automatic; car state 4, door closed.
    [InlineData("monarch-nice3000", "doors", "1470", 0, Quality.Good)]
    [InlineData("monarch-nice3000", "doors", "1170", 1, Quality.Good)]
    [InlineData("monarch-nice3000", "doors", "1F70", double.NaN, Quality.OutOfRange)]
    [InlineData("monarch-nice3000", "service-mode", "1470", 0, Quality.Good)]
    [InlineData("monarch-nice3000", "service-mode", "0400", 1, Quality.Good)]
    [InlineData("monarch-nice3000", "elevator-state", "1470", 7, Quality.Good)]
    [InlineData("monarch-nice3000", "full-load", "1470", 1, Quality.Good)]
    [InlineData("monarch-nice3000", "overload", "1470", 0, Quality.Good)]
    [InlineData("monarch-nice3000", "direction", "0002", -1, Quality.Good)]
    [InlineData("monarch-nice3000", "run-status", "0002", 1, Quality.Good)]
    [InlineData("monarch-nice3000", "run-status", "0003", 0, Quality.Good)]
    [InlineData("monarch-nice3000", "speed", "06D6", 1.75, Quality.Good)]
    [InlineData("techwind-sdk500", "doors", "0102", 0, Quality.Good)]
    [InlineData("techwind-sdk500", "doors", "0000", 2, Quality.Good)]
    [InlineData("techwind-sdk500", "doors", "0300", 3, Quality.Good)]
    [InlineData("techwind-sdk500", "door-error", "0102", 2, Quality.Good)]
    [InlineData("techwind-sdk500", "door-position", "1F40", 800, Quality.Good)]
    [InlineData("invertek-elevator-core", "running", "0001", 1, Quality.Good)]
    [InlineData("invertek-elevator-core", "tripped", "0F82", 1, Quality.Good)]
    [InlineData("invertek-elevator-core", "fault-code", "0F82", 15, Quality.Good)]
    [InlineData("invertek-elevator-core", "output-frequency", "FE0C", -50, Quality.Good)]
    [InlineData("metron-fd4", "in-auto", "0001", 1, Quality.Good)]
    [InlineData("metron-fd4", "main-running", "0405", 1, Quality.Good)]
    [InlineData("metron-fd4", "pump-on-demand", "0405", 1, Quality.Good)]
    [InlineData("metron-fd4", "high-discharge-pressure", "7FFF", 0, Quality.Good)]
    [InlineData("eastron-sdm630", "voltage-l1", "4366 3333", 230.19999694824219, Quality.Good)]
    [InlineData("eastron-sdm630", "frequency", "4248 0000", 50, Quality.Good)]
    [InlineData("chint-dtsu666", "voltage-l1", "450F C000", 230, Quality.Good)]
    [InlineData("chint-dtsu666", "current-l3", "459C 4000", 5, Quality.Good)]
    [InlineData("chint-dtsu666", "energy", "449A 51EC", 1234.56005859375, Quality.Good)]
    public void Registers_of_a_real_device_tell_its_value(string profile, string point, string registers, double value, Quality quality)
    {
        ArgumentNullException.ThrowIfNull(registers);
        PointDefinition definition = Find(profile).FindPoint(point)!;
        ushort[] words = [.. registers.Split(' ').Select(word => ushort.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        Assert.Equal(definition.Registers.Width, words.Length);
        PointValue told = PointDecoder.Decode(definition, words);
        Assert.Equal((Math.Round(value, 9), quality), (Math.Round(told.Value, 9), told.Quality));
    }

    [Theory]
    [InlineData("metron-fd4", "in-auto", 40002)]
    [InlineData("eastron-sdm630", "energy", 30073)]
    [InlineData("eastron-sdm630", "power", 30053)]
    public void Address_is_the_number_of_the_manual_less_its_table_and_one(string profile, string point, int number) =>
        Assert.Equal((number % 10_000) - 1, Find(profile).FindPoint(point)!.Registers.Address);

    private static DeviceProfile Find(string id)
    {
        SourceText source = ShippedProfileTests.Shipped().Single(s => Path.GetFileNameWithoutExtension(s.File) == id);
        return Assert.Single(SiteConfigurationReader.ReadProfiles([source], ItemDictionary.Standard).Profiles);
    }
}
