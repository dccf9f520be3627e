using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Uplink;

public class EdgeStateCodecTests
{
    [Fact]
    public void What_is_decoded_is_what_was_encoded_and_every_truncation_is_malformed() =>
        Prop.ForAll(UplinkGen.State.ToArbitrary(), state =>
        {
            byte[] payload = EdgeStateCodec.Encode(state);
            Decoded<EdgeState> decoded = EdgeStateCodec.Decode(payload);
            Assert.Equal("", decoded.Why);
            Assert.Equal(Lines(state), Lines(decoded.Value!));
            for (int length = 0; length < payload.Length; length++)
            {
                Assert.False(EdgeStateCodec.Decode(payload.AsSpan(0, length)).Done);
            }
        }).Check(PropertyRun.Config);

    [Fact]
    public void Random_and_mutated_bytes_never_throw() =>
        Prop.ForAll(UplinkGen.State.ToArbitrary(), ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<int>(), (state, bytes, at) =>
        {
            byte[] payload = [.. EdgeStateCodec.Encode(state)];
            for (int edit = 0; edit < bytes.Length; edit++)
            {
                payload[((at & 0xFFFFFF) + (edit * 31)) % (payload.Length - MessageSeal.Length)] = bytes[edit];
            }

            MessageSeal.Write(payload);
            Decoded<EdgeState> decoded = EdgeStateCodec.Decode(payload);
            Assert.Equal(decoded.Done, decoded.Why.Length == 0);
            Assert.False(EdgeStateCodec.Decode(bytes).Done);
        }).Check(PropertyRun.Config.WithMaxTest(500));

    [Fact]
    public void A_large_site_fits_and_a_larger_one_than_allowed_is_misuse()
    {
        LocalText name = new("Car position", "轿厢位置");
        CataloguePoint[] points = [.. Enumerable.Range(0, 100).Select(n => new CataloguePoint($"point-{n}", "m", name))];
        CatalogueDevice[] devices = [.. Enumerable.Range(0, 500).Select(n => new CatalogueDevice($"device-{n}", "lift", "sim-lift", name, [.. points]))];
        EdgeState state = new("riverside", true, 1, "0.1.0", "ab", 2, new SiteCatalogue(name, "Asia/Shanghai", [.. devices.Take(300)], []));
        Assert.Equal(Lines(state), Lines(EdgeStateCodec.Decode(EdgeStateCodec.Encode(state)).Value!));
        EdgeState larger = state with { Catalogue = state.Catalogue! with { Devices = [.. devices, .. devices] } };
        Assert.Throws<ArgumentException>(() => EdgeStateCodec.Encode(larger));
    }

    [Fact]
    public void Names_that_nobody_gave_travel_as_empty_ones()
    {
        CatalogueDevice device = new("lift-1", "lift", "sim-lift", new LocalText(null, "电梯"), [new CataloguePoint("position", "m", default)]);
        EdgeState state = new("riverside", true, 1, "0.1.0", "ab", 2, new SiteCatalogue(default, "Asia/Shanghai", [device], []));
        SiteCatalogue read = EdgeStateCodec.Decode(EdgeStateCodec.Encode(state)).Value!.Catalogue!;
        Assert.Equal(("", ""), (read.Name.En, read.Name.ZhCn));
        Assert.Equal(("", "电梯"), (read.Devices[0].Name.En, read.Devices[0].Name.ZhCn));
        Assert.Equal(default, read.Devices[0].Points[0].Name);
    }

    private static IReadOnlyList<string> Lines(EdgeState state) =>
    [
        (state with { Catalogue = null }).ToString(),
        $"{state.Catalogue?.Name} {state.Catalogue?.TimeZone}",
        .. (state.Catalogue?.Devices ?? []).SelectMany(device =>
            (IEnumerable<string>)[$"{device with { Points = [] }}", .. device.Points.Select(point => point.ToString())]),
        .. (state.Catalogue?.Rules ?? []).Select(rule => rule.ToString()),
    ];
}
