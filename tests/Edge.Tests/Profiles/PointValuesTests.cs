using System.Collections.Immutable;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Profiles;

/// <summary>The key <c>values</c>: what a device's numbers stand for.</summary>
public class PointValuesTests
{
    [Fact]
    public void Listed_numbers_are_read_with_the_range_that_follows_from_them()
    {
        PointDefinition doors = Assert.Single(Read("table: holding, address: 1, bits: [8, 8], values: { 0: 2, 1: 0, 2: 1, 3: 3 }").Profiles).Points[0];
        Assert.Equal([(0L, 2m), (1, 0), (2, 1), (3, 3)], doors.Values!.Select(v => (v.Key, v.Value)).Order());
        Assert.Equal(new PointRange(0, 3), doors.Range);
    }

    [Theory]
    [InlineData("table: holding, address: 1, type: uint16, values: { a: 1 }", "test.yaml:7:77: 'a' is no raw number — write the whole number as the device sends it")]
    [InlineData("table: holding, address: 1, type: uint16, values: { 1: x }", "test.yaml:7:80: '1' is 'x' — write a decimal number such as 0.01")]
    [InlineData("table: holding, address: 1, type: uint16, values: { 1: 1, 01: 2 }", "test.yaml:7:83: raw number 1 is listed twice — list each raw number once")]
    [InlineData("table: holding, address: 1, type: uint16, values: {}", "test.yaml:7:75: 'values' lists 0 numbers — write 1 to 256 as values: { RAW: TOLD, … }")]
    [InlineData("table: holding, address: 1, type: uint16, scale: 0.1, values: { 1: 1 }", "test.yaml:7:74: a point with 'values' has no 'scale' — leave one of the two out")]
    [InlineData("table: holding, address: 1, type: float32, values: { 1: 1 }", "test.yaml:7:76: a float is measured and stands for nothing — leave 'values' out")]
    [InlineData("table: coil, address: 1, values: { 1: 1 }", "test.yaml:7:58: a bool has no 'values' — leave it out")]
    public void Mistake_is_told_with_its_place_and_mend(string point, string expected) =>
        Assert.Equal(expected, Assert.Single(Read(point).Mistakes).ToString());

    [Fact]
    public void State_cannot_be_billed() => Assert.Equal(
        "test.yaml:9:3: point 'state' tells a state and cannot be billed — name a register that counts",
        Assert.Single(Read("table: holding, address: 1, type: uint16, values: { 1: 1 }", "readings:\n  state: { digits: 0, everyMinutes: 15 }\n").Mistakes).ToString());

    private static (ImmutableArray<DeviceProfile> Profiles, ImmutableArray<ConfigurationMistake> Mistakes) Read(string point, string more = "") =>
        SiteConfigurationReader.ReadProfiles(
            [new SourceText("test.yaml", $"profile: test\nname: Test\nkind: lift\nsource: here\npollMs: 1000\npoints:\n  state: {{ name: State, {point} }}\n{more}")],
            new SampleItems());
}
