using IotProperty.Edge.Commands.Scanning;
using IotProperty.Edge.Tests.Drivers.Dlt645;
using IotProperty.Edge.Tests.Drivers.MBus;
using IotProperty.Protocols.Dlt645;

namespace IotProperty.Edge.Tests.Commands.Scanning;

public sealed class LineSearchTests
{
    [Fact]
    public void Modbus_units_are_found_by_any_answer_and_tell_their_names()
    {
        TestLine line = new(TestLine.Modbus(3), TestLine.Modbus(5, onlyInput: true), TestLine.Modbus(9, vendor: "Pumpen AG"));
        ModbusSearch search = new(1, 12, isTcp: false);
        Run(search, line);
        Assert.Equal(
            [
                "modbus  unit: 3  # answer register 0 = 4711",
                "modbus  unit: 5  # answer exception 2 (IllegalDataAddress)",
                "modbus  unit: 9  # answer register 0 = 4711, vendor Pumpen AG, product P1, revision 1.2",
            ],
            search.Found.Select(unit => unit.ToString()));
        Assert.Empty(search.Unresolved);
        Assert.Equal((12 * 2) - 3 + 3, line.Requests);
    }

    [Fact]
    public void Units_with_the_same_number_are_reported_and_not_found()
    {
        ModbusSearch search = new(6, 8, isTcp: false);
        Run(search, new TestLine(TestLine.Modbus(7), TestLine.Modbus(7)));
        Assert.Empty(search.Found);
        Assert.StartsWith("unit 7: something answered, but no sound frame", Assert.Single(search.Unresolved), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x02, true)]
    [InlineData(0x0A, false)]
    [InlineData(0x0B, false)]
    public void Over_modbus_tcp_a_gateways_exceptions_mean_that_nobody_is_there(byte exception, bool found)
    {
        ModbusSearch search = new(1, 1, isTcp: true);
        while (!search.IsOver)
        {
            byte[] request = search.Outgoing.ToArray();
            byte[] late = [0xFF, 0xFF, 0, 0, 0, 3, 1, 0x83, 2];
            search.Heard([.. late, request[0], request[1], 0, 0, 0, 3, 1, (byte)(request[7] | 0x80), exception]);
        }

        Assert.Equal(found, search.Found.Count == 1);
    }

    [Fact]
    public void Only_meter_of_a_dlt645_line_answers_the_first_question()
    {
        TestLine line = new(TestLine.Dlt645(new WireMeter("000000123456")));
        WildcardSearch search = new(new Dlt645Questions());
        Run(search, line);
        Assert.Equal("dlt645  address: \"000000123456\"  # edition 2007", Assert.Single(search.Found).ToString());
        Assert.Equal(1, line.Requests);
    }

    [Fact]
    public void Meter_of_the_older_edition_answers_the_last_question()
    {
        WildcardSearch search = new(new Dlt645Questions());
        WireMeter meter = new("000000123456", Dlt645Edition.Y1997) { Values = { [0x9010] = [0, 0, 0, 0] } };
        Run(search, new TestLine(TestLine.Dlt645(meter)));
        Assert.Equal("1997", Assert.Single(Assert.Single(search.Found).Details).Value);
    }

    [Fact]
    public void Twenty_dlt645_meters_that_answer_together_are_told_apart_by_their_last_digits()
    {
        Random random = new(645);
        string[] addresses = [.. Enumerable.Range(0, 20).Select(_ => random.NextInt64(1_000_000_000_000).ToString("000000000000", System.Globalization.CultureInfo.InvariantCulture)), "110000000055", "220000000055"];
        WildcardSearch search = new(new Dlt645Questions());
        TestLine line = new([.. addresses.Select(address => TestLine.Dlt645(new WireMeter(address)))]);
        Run(search, line);
        Assert.Equal(addresses.Order(), search.Found.Select(unit => unit.Address).Order());
        Assert.Empty(search.Unresolved);
        Assert.InRange(line.Requests, 100, 1_500);
    }

    [Fact]
    public void Dlt645_twins_are_reported()
    {
        WildcardSearch search = new(new Dlt645Questions());
        Run(search, new TestLine(TestLine.Dlt645(new WireMeter("000000000001")), TestLine.Dlt645(new WireMeter("000000000001"))));
        Assert.Empty(search.Found);
        Assert.Contains("address 000000000001: several meters answer at once; connect one meter at a time", search.Unresolved);
    }

    [Fact]
    public void Cjt188_meter_tells_address_and_kind()
    {
        WildcardSearch search = new(new Cjt188Questions());
        Run(search, new TestLine(TestLine.Cjt188("78330011223344", 0x10)));
        FoundUnit unit = Assert.Single(search.Found);
        Assert.Equal(("78330011223344", "10"), (unit.Address, unit.Details[0].Value));
    }

    [Fact]
    public void Cjt188_meters_that_answer_together_are_told_apart_where_they_know_wildcards()
    {
        WildcardSearch search = new(new Cjt188Questions());
        Run(search, new TestLine(TestLine.Cjt188("78330011223344", 0x10), TestLine.Cjt188("78330011223345", 0x20)));
        Assert.Equal(["78330011223344", "78330011223345"], search.Found.Select(unit => unit.Address).Order());
    }

    [Fact]
    public void Mbus_meters_are_found_by_both_addresses_and_listed_once()
    {
        Unit noSelection = request => request.Length == 17 ? [] : TestLine.MBus(new WireMBusMeter("99999999HYD0107", 20, "0C1300000000"))(request);
        TestLine line = new(
            TestLine.MBus(new WireMBusMeter("12345678HYD0104", 5, "0C0645230100")), TestLine.MBus(new WireMBusMeter("12345679KAM0107", 0, "0C1300000000")), noSelection);
        MBusSearch search = new(1, 30);
        Run(search, line);
        Assert.Equal(
            [
                "mbus  address: \"12345678HYD0104\"  # primary 5, manufacturer HYD, version 1, medium 4",
                "mbus  address: \"12345679KAM0107\"  # primary 0, manufacturer KAM, version 1, medium 7",
                "mbus  unit: 20  # id 99999999, manufacturer HYD, version 1, medium 7",
            ],
            search.Found.Select(unit => unit.ToString()));
        Assert.Empty(search.Unresolved);
    }

    [Fact]
    public void Mbus_meters_with_one_primary_address_are_reported()
    {
        Unit[] twins = [.. new[] { "11111111HYD0104", "22222222HYD0104" }.Select(address => TestLine.MBus(new WireMBusMeter(address, 7, "0C0645230100")))];
        MBusSearch search = new(7, 7);
        Run(search, new TestLine(twins));
        Assert.Equal(["11111111HYD0104", "22222222HYD0104"], search.Found.Select(unit => unit.Address));
        Assert.StartsWith("unit 7: something answered, but no sound frame", Assert.Single(search.Unresolved), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("modbus")]
    [InlineData("dlt645")]
    [InlineData("cjt188")]
    [InlineData("mbus")]
    public void Line_that_answers_noise_to_everything_ends_every_search(string protocol)
    {
        ILineSearch search = protocol switch
        {
            "modbus" => new ModbusSearch(1, 247, isTcp: false),
            "dlt645" => new WildcardSearch(new Dlt645Questions()),
            "cjt188" => new WildcardSearch(new Cjt188Questions()),
            _ => new MBusSearch(1, 250),
        };
        Random random = new(7);
        byte[] noise = new byte[40];
        double before = 0;
        int requests = 0;
        while (!search.IsOver)
        {
            Assert.InRange(search.Progress, before, 1);
            before = search.Progress;
            random.NextBytes(noise);
            search.Heard(noise);
            Assert.InRange(++requests, 1, 25_000);
        }

        Assert.Empty(search.Found);
        Assert.NotEmpty(search.Unresolved);
        Assert.Equal(1, search.Progress);
    }

    private static void Run(ILineSearch search, TestLine line)
    {
        while (!search.IsOver)
        {
            Assert.NotEqual("", search.Asking);
            search.Heard(line.Ask(search.Outgoing.ToArray()));
        }
    }
}
