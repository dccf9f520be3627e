using System.Collections.Immutable;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Points;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Profiles;

/// <summary>Real answers of the meters that the shipped profiles describe, from the outside vectors, read through the adapters as the edge reads them.</summary>
public class ShippedMeterFrameTests
{
    private static readonly BusLineOptions Line = new("m-line", 2400, 11);

    [VectorTheory]
    [InlineData("pub_energy_block_5_values", "000000000224", "0001FF00", "energy=214.94 energy-sharp=53.04 energy-peak=53.74 energy-flat=54.03 energy-valley=54.11")]
    [InlineData("pub_energy_block_no_preamble", "000000193600", "0001FF00", "energy=36.3 energy-sharp=2.56 energy-peak=0.19 energy-flat=0.38 energy-valley=33.17")]
    [InlineData("pub_voltage_block_response_230_3", "181226034194", "0201FF00", "voltage=230.3")]
    [InlineData("pub_current_block_response_0_188", "181226034194", "0202FF00", "current=0.188")]
    [InlineData("pub_active_power_total_response", "000000000161", "02030000", "power=251.2")]
    [InlineData("pub_power_factor_total_response", "000000000161", "02060000", "power-factor=0.501")]
    [InlineData("pub_status_word3_relay_open", "151230011061", "04000503", "relay-open=1")]
    [InlineData("pub_status_word3_relay_closed", "151230011061", "04000503", "relay-open=0")]
    public void Single_phase_meter_of_DLT_645(string vector, string address, string request, string expected) =>
        Expect("dlt645-single-phase", new Dlt645Address(address), request, expected, "dlt645", vector);

    [VectorTheory]
    [InlineData("pub_energy_block_5_values", "000000000224", "0001FF00", "energy=214.94 energy-sharp=53.04 energy-peak=53.74 energy-flat=54.03 energy-valley=54.11")]
    [InlineData("pub_voltage_block_unused_phases_ffff", "201000000012", "0201FF00", "voltage-l1=225.6 voltage-l2=? voltage-l3=?")]
    [InlineData("pub_current_block_response_0_188", "181226034194", "0202FF00", "current-l1=0.188 current-l2=0 current-l3=0")]
    [InlineData("pub_reactive_power_total_response", "000000000161", "02040000", "reactive-power=433.1")]
    public void Three_phase_meter_of_DLT_645(string vector, string address, string request, string expected) =>
        Expect("dlt645-three-phase", new Dlt645Address(address), request, expected, "dlt645", vector);

    [VectorTheory]
    [InlineData("pub_water_response_556677", "78330011223344", "volume=556677 volume-settled=556677 valve-closed=1 battery-low=0")]
    public void Water_meter_of_CJT_188(string vector, string address, string expected) =>
        Expect("cjt188-water", new Cjt188Address(address, null), "901F", expected, "cjt188", vector);

    [VectorTheory]
    [InlineData("pub_heat_response_2023", "00740012064713",
        "energy=0 energy-settled=0 volume=0 power=0 flow=0 supply-temperature=23.02 return-temperature=23.11 hours=5834 battery-low=0")]
    public void Heat_meter_of_CJT_188(string vector, string address, string expected) =>
        Expect("cjt188-heat", new Cjt188Address(address, null), "901F", expected, "cjt188", vector);

    [VectorTheory]
    [InlineData("saia-ale3-mbus", "real_SBC_Saia-Burgess-ALE3", 40,
        "energy=2.93 energy-t2=0.06 power=0 voltage-l1=223 voltage-l2=0 voltage-l3=0 current-l1=0 current-l2=0 current-l3=0")]
    [InlineData("kamstrup-multical-601-mbus", "real_kamstrup_multical_601", 17,
        "energy=37351 volume=561.08 power=34.7 flow=0.543 supply-temperature=101.69 return-temperature=46.16 energy-settled=33361 hours=985 error=0")]
    [InlineData("itron-cyble-water-mbus", "real_ACW_Itron-CYBLE-M-Bus-14", 1, "volume=0.031 volume-settled=0.031 battery-low=0")]
    [InlineData("itron-cyble-gas-mbus", "real_itron_cyble_m-bus_v1.4_gas", 4, "volume=0.26 volume-settled=0.25 battery-low=0")]
    public void Meter_on_M_Bus(string profile, string vector, byte unit, string expected) =>
        Expect(profile, new MBusAddress(unit, null), "readout", expected, "mbus", vector);

    private static void Expect(string profileId, DeviceAddress address, string request, string expected, string file, string vector)
    {
        DeviceProfile profile = Find(profileId);
        DeviceConfiguration device = new() { Id = "m1", Name = new LocalText("m1", "m1"), Address = address, PollMs = profile.PollMs, Profile = profile };
        ItemBlock block = BlockOf(profile, request);
        IBusProtocol protocol = BusProtocols.Create(profile.Protocol, Line, false, new ItemMistakes(NullLogger.Instance));
        Assert.Null(protocol.BeginRead(device, block));
        if (profile.Protocol == FieldProtocol.MBus)
        {
            // A readout begins by resetting the meter's frame count, which it acknowledges (EN 13757-2, §5.7.5).
            Assert.Equal(BusStatus.SendNext, Hear(protocol.Session, [0xE5]));
        }

        byte[] answer = Convert.FromHexString(Vectors.Load(file).EnumerateArray().Single(v => v.GetProperty("name").GetString() == vector).GetProperty("hex").GetString()!);
        Assert.Equal((BusStatus.Answered, ""), (Hear(protocol.Session, answer), protocol.Session.Why));
        BlockValues values = new();
        Assert.True(protocol.Fill(device, block, values));

        string[] told = [.. block.Points.Select(planned => Tell(profile.Points[planned.Index], values.Items(block.Points.Length)[planned.Offset])).OfType<string>()];
        Assert.Equal(expected, string.Join(' ', told));
    }

    private static BusStatus Hear(IBusMaster session, byte[] bytes)
    {
        bytes.CopyTo(session.Free().Span);
        session.Received(bytes.Length);
        return session.Take(silent: false);
    }

    /// <summary>All points of the profile that come with this request, alone or as part of a row.</summary>
    private static ItemBlock BlockOf(DeviceProfile profile, string request)
    {
        ImmutableArray<PlannedPoint> points =
        [
            .. Enumerable.Range(0, profile.Points.Length)
                .Where(i => profile.Points[i].Place is ItemPlace place && (place.Request == request || place.Block == request))
                .Select((i, offset) => new PlannedPoint(i, offset)),
        ];
        Assert.NotEmpty(points);
        return new ItemBlock(request, points);
    }

    /// <summary>A question mark for what the meter says that it has not got; null for what it did not send.</summary>
    private static string? Tell(PointDefinition point, ItemValue item)
    {
        PointValue value = PointDecoder.Decode(point, item);
        return item.State switch
        {
            ItemState.Missing => null,
            ItemState.NotAvailable => $"{point.Id}=?",
            _ => value.Quality == Quality.Good ? FormattableString.Invariant($"{point.Id}={value.Value:0.######}") : $"{point.Id} is {value.Quality}",
        };
    }

    private static DeviceProfile Find(string id)
    {
        SourceText source = ShippedProfileTests.Shipped().Single(s => Path.GetFileNameWithoutExtension(s.File) == id);
        (ImmutableArray<DeviceProfile> profiles, ImmutableArray<ConfigurationMistake> mistakes) = SiteConfigurationReader.ReadProfiles([source], ItemDictionary.Standard);
        Assert.Equal("", string.Join('\n', mistakes));
        return Assert.Single(profiles);
    }
}
