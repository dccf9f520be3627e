using System.Text;
using System.Text.RegularExpressions;
using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Checks;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.Scenarios.Truth;

namespace IotProperty.Simulators.Tests.Scenarios;

public class DemoPiecesTests
{
    [Theory]
    [InlineData(0, 2880, "1406.304")]
    [InlineData(0, 4800, "2439.84")]
    [InlineData(2878, 2881, "1.5149")]
    public void Independent_bill_matches_published_electricity_amounts(int from, int to, string amount)
    {
        Assert.Equal(decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture), IndependentBill.Cost(IndependentBill.BeijingElectricity, from, to));
    }

    [Theory]
    [InlineData(0, 180, 900)]
    [InlineData(0, 260, 1460)]
    [InlineData(259, 262, 25)]
    public void Independent_bill_matches_published_water_amounts(int from, int to, int amount)
    {
        Assert.Equal(amount, IndependentBill.Cost(IndependentBill.BeijingWater, from, to));
    }

    [Fact]
    public void Independent_bill_rounds_once_and_half_away_from_zero()
    {
        Assert.Equal(1.01m, IndependentBill.Rounded(1.005m));
        Assert.Equal(1.00m, IndependentBill.Rounded(1.00499m));
    }

    [Fact]
    public async Task Live_events_are_read_as_the_specification_says()
    {
        const string Text = ": a comment\nevent: everything\ndata: {}\n\nevent:alarm\ndata: {\"a\":1,\ndata: \"b\":2}\nid: 7\n\nevent: empty\n\ndata\n\ndata: last\n\ndata: unfinished";
        using MemoryStream stream = new(Encoding.UTF8.GetBytes(Text));
        List<LiveMessage> messages = [];
        await foreach (LiveMessage message in LiveEvents.ReadAsync(stream, CancellationToken.None))
        {
            messages.Add(message);
        }

        Assert.Equal([new LiveMessage("everything", "{}"), new LiveMessage("alarm", "{\"a\":1,\n\"b\":2}"), new LiveMessage("message", "last")], messages);
    }

    // An answer every five seconds, 1, 2, 3, 4, 5; the one of 20 s was asked for by a billing read. The edge was never killed.
    [Theory]
    [InlineData("1 2 3 4 5", "", null)]
    [InlineData("1 2 3 5", "", null)]
    [InlineData("1 3 4 5", "", "2 was served")]
    [InlineData("1 3 4 5", "10000", null)]
    [InlineData("1 2 3 4 9", "", "5 was served")]
    [InlineData("1 2 2.5 3 4 5", "", "3 was served")]
    public void Meters_answers_are_all_accounted_for_and_none_is_invented(string samples, string silent, string? disagreement)
    {
        Shown[] shown = [.. Enumerable.Range(1, 5).Select(i => new Shown(i * 5_000, i, Certain: false))];
        Told[] told = [.. samples.Split(' ').Select(t => double.Parse(t, System.Globalization.CultureInfo.InvariantCulture)).Select(v => new Told((long)(v * 5_000) + 300, v))];
        long[] silences = silent.Length == 0 ? [] : [long.Parse(silent, System.Globalization.CultureInfo.InvariantCulture)];
        string? found = MetersCheck.Disagreement(shown, told, silences, [new Told(20_300, 4)], new Outages(null, null), endMs: 60_000);
        Assert.Equal(disagreement is null, found is null);
        Assert.StartsWith(disagreement ?? "", found ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_that_were_on_the_wire_when_the_edge_died_may_be_missing_and_no_others()
    {
        Shown[] shown = [.. Enumerable.Range(1, 5).Select(i => new Shown(i * 5_000, i, Certain: false))];
        string? Missing(int lost) => MetersCheck.Disagreement(
            shown, [.. shown.Where(s => s.Value != lost).Select(s => new Told(s.TimeMs + 100, s.Value))], [], [], new Outages(16_000, 18_000), endMs: 60_000);
        Assert.NotNull(Missing(2));
        Assert.Null(Missing(3));
        Assert.NotNull(Missing(4));
    }

    [Fact]
    public void Metrics_of_an_edge_are_read_by_name_and_labels()
    {
        ProgramMetrics metrics = ProgramMetrics.Parse("# HELP up Up.\n# TYPE up gauge\nup 1\ntimeouts{line=\"a\",device=\"b c\"} 3.5\nbroken\n");
        Assert.Equal(1, metrics["up"]);
        Assert.Equal(3.5, metrics["timeouts", ("line", "a"), ("device", "b c")]);
        Assert.Throws<ScenarioException>(() => metrics["timeouts", ("line", "a")]);
    }

    [Fact]
    public void Site_file_gets_the_ports_of_the_run()
    {
        string site = DemoSite.WithPorts(File.ReadAllText(Path.Combine(Root(), "deploy", "demo", "site.yaml")), 1, 2, 3, "/here", 4);
        Assert.Contains("uplink: { host: 127.0.0.1, port: 4,", site, StringComparison.Ordinal);
        Assert.Contains("modbusTcp: { host: 127.0.0.1, port: 2 }", site, StringComparison.Ordinal);
        Assert.Contains("serial: { port: /here/tty-power, baud: 9600, format: 8E1 }", site, StringComparison.Ordinal);
        Assert.DoesNotContain("/tmp/", site, StringComparison.Ordinal);
        Assert.DoesNotContain("1502", site, StringComparison.Ordinal);
        Assert.Throws<ScenarioException>(() => DemoSite.WithPorts(site, 1, 2, 3, "/here", 4));
    }

    [Fact]
    public void Credentials_of_the_check_are_those_of_the_site()
    {
        string list = File.ReadAllText(Path.Combine(Root(), "deploy", "demo", "credentials.yaml"));
        MatchCollection residents = Regex.Matches(list, @"\{ id: (flat-\d+01-ca(?:rd|r)), card: (\d+), doors: \[(door-1|gate-1)\],");
        Assert.Equal(24, residents.Count);
        Assert.All(residents, r => Assert.Equal(r.Groups[1].Value, DemoCredentials.IdOf(r.Groups[2].Value, r.Groups[3].Value)));
        Assert.Equal("", DemoCredentials.IdOf("1001001", "gate-1"));
        Assert.Equal("", DemoCredentials.IdOf("4294000099", "door-1"));
    }

    [Fact]
    public void Points_of_the_check_are_those_of_the_profiles()
    {
        string site = File.ReadAllText(Path.Combine(Root(), "deploy", "demo", "site.yaml"));
        Dictionary<string, string> profiles = Regex.Matches(site, @"\{ id: ([a-z0-9-]+), profile: (sim-[a-z0-9-]+),")
            .Where(m => m.Groups[1].Value != SerialEstate.EmptyDevice)
            .ToDictionary(m => m.Groups[1].Value, m => File.ReadAllText(Path.Combine(Root(), "edge", "profiles", m.Groups[2].Value + ".yaml")));
        string[] expected = [.. profiles.SelectMany(p => Regex.Matches(p.Value, @"^  ([a-z0-9-]+): \{ name:", RegexOptions.Multiline).Select(m => $"{p.Key}/{m.Groups[1].Value}")).Order(StringComparer.Ordinal)];
        Assert.Equal(expected, DemoPoint.All.Select(p => p.Id).Concat(DemoItem.All.Select(i => i.Id)).Order(StringComparer.Ordinal));
        foreach ((string device, string name, bool thinned, bool billed) in DemoPoint.All.Select(p => (p.Device.Id, p.Name, p.IsThinned, p.IsBilled))
            .Concat(DemoItem.All.Select(i => (i.Meter.Id, i.Item.Name, false, i.IsBilled))))
        {
            string line = profiles[device].Split('\n').Single(l => l.StartsWith($"  {name}: {{ name", StringComparison.Ordinal));
            Assert.Equal(thinned, line.Contains("deadband", StringComparison.Ordinal));
            Assert.Equal(billed, profiles[device].Contains($"  {name}: {{ digits:", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Billing_reads_are_told_from_polls()
    {
        DemoPoint energy = DemoPoint.All.Single(p => p.Id == "meter-2/energy");
        ServedRead poll = new(1, "meters", 2, RegisterTable.HoldingRegisters, 0, [1, 2, 3, 4, 5, 6]);
        ServedRead billing = poll with { Values = [0, 42] };
        Assert.True(energy.IsPolledBy(poll));
        Assert.False(energy.IsBilledBy(poll));
        Assert.True(energy.IsBilledBy(billing));
        Assert.False(energy.IsPolledBy(billing));
        Assert.Equal(0.42, energy.ValueIn(billing));
        Assert.False(energy.IsPolledBy(poll with { Unit = 3 }));
        DemoPoint overspeed = DemoPoint.All.Single(p => p.Id == "lift-1/fault-overspeed");
        Assert.Equal(1, overspeed.ValueIn(new ServedRead(1, "plant", 11, RegisterTable.HoldingRegisters, 7, [0x0100])));
    }

    [Fact]
    public void Loss_window_is_what_the_edge_states_before_its_kill()
    {
        Outages outages = new(KilledMs: 10_000, BackMs: 12_000);
        Assert.False(outages.MayLoseTelemetry(8_749));
        Assert.True(outages.MayLoseTelemetry(8_750));
        Assert.False(outages.MayLoseTelemetry(10_201));
        Assert.False(outages.MayLoseEvent(9_700));
        Assert.True(outages.MayLoseEvent(9_900));
        Assert.False(new Outages(null, null).MayLoseTelemetry(10_000));
    }

    [Fact]
    public void Only_the_alarm_level_of_the_right_row_counts_as_on_the_page()
    {
        const string Row = "<tr><td><span class=\"level {0}\">…</span></td><td><a href=\"/alarms/1\">{1}</a></td></tr>";
        string Page(string level, string name) => string.Format(System.Globalization.CultureInfo.InvariantCulture, Row, level, name);
        Assert.True(AlarmPage.Shows(Page("warning", "Lift 1 speed abnormal") + Page("alarm", "Fire main pressure low")));
        Assert.False(AlarmPage.Shows(Page("alarm", "Lift 1 speed abnormal") + Page("warning", "Fire main pressure low")));
        Assert.False(AlarmPage.Shows(Page("alarm past", "Fire main pressure low")));
        Assert.False(AlarmPage.Shows("<p class=\"empty\">Nothing</p>"));
    }

    private static string Root()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "IotProperty.sln")))
        {
            at = at.Parent;
        }

        return at?.FullName ?? throw new InvalidOperationException("the tests run outside the repository");
    }
}
