using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Profiles;

/// <summary>One mistake a row: what somebody wrote instead of what, and the exact line that tells them.</summary>
public class BadConfigurationTests
{
    [Theory]
    [InlineData("site: riverside", "site: River Side", "site.yaml:1:7: 'site' is 'River Side' — write 1 to 40 lower-case letters, digits and hyphens")]
    [InlineData("site: riverside", "sit: riverside",
        "site.yaml:1:1: a site file lacks 'site' — write site: the id that `iotp-hub edge add` was given",
        "site.yaml:1:1: a site file knows no key 'sit' — did you mean 'site'?")]
    [InlineData("site: riverside", "site: riverside\nsite: again", "site.yaml:2:1: 'site' is already given in line 1 — keep one of the two")]
    [InlineData("timeZone: Asia/Shanghai", "timeZone: China", "site.yaml:3:11: 'China' is no known time zone — write an IANA name such as Asia/Shanghai (and install the tzdata package)")]
    [InlineData("port: 1883, tls: false", "port: 188300, tls: no",
        "site.yaml:4:34: 'port' is '188300' — write a whole number from 1 to 65535",
        "site.yaml:4:47: 'tls' is 'no' — write true or false")]
    [InlineData("listen: \"127.0.0.1:9180\"", "listen: \"0.0.0.0:9180\"", "site.yaml:5:19: 0.0.0.0 can be reached from outside, and health pages know no login — write listen: \"127.0.0.1:9180\" (port 0 chooses a free one)")]
    [InlineData("listen: \"127.0.0.1:9180\"", "listen: localhost", "site.yaml:5:19: 'localhost' is no address with a port — write listen: \"127.0.0.1:9180\" (port 0 chooses a free one)")]
    [InlineData("flushMs: 250", "flushMs: 5000", "site.yaml:6:20: 'flushMs' is '5000' — write a whole number from 10 to 1000")]
    [InlineData("flushMs: 250", "flushMs: 9", "site.yaml:6:20: 'flushMs' is '9' — write a whole number from 10 to 1000")]
    [InlineData("maxBytes: 268435456", "maxBytes: 1048575", "site.yaml:6:35: 'maxBytes' is '1048575' — write a whole number from 1048576 to 1099511627776")]
    [InlineData("window: 16", "window: 257", "site.yaml:6:54: 'window' is '257' — write a whole number from 1 to 256")]
    [InlineData("window: 16", "window: 16, tallySeconds: 0", "site.yaml:6:72: 'tallySeconds' is '0' — write a whole number from 1 to 3600")]
    [InlineData("window: 16", "window: 16, tallySecond: 60", "site.yaml:6:58: 'outbox' knows no key 'tallySecond' — did you mean 'tallySeconds'?")]
    [InlineData("timeoutMs: 500", "timeoutMs: soon", "site.yaml:10:16: 'timeoutMs' is 'soon' — write a whole number from 10 to 60000")]
    [InlineData("profile: test-pump", "profile: tset-pump", "site.yaml:12:32: there is no profile 'tset-pump' — did you mean 'test-pump'?")]
    [InlineData("unit: 11", "unti: 11",
        "site.yaml:12:9: a device lacks 'unit' — write the device's address on its line",
        "site.yaml:12:43: a device knows no key 'unti' — did you mean 'unit'?")]
    [InlineData("unit: 11", "unit: 250", "site.yaml:12:49: unit 250 is reserved by the Modbus specification — write 1 to 247, or 0 or 255 for the TCP endpoint itself")]
    [InlineData("id: door-1", "id: pump-1",
        "site.yaml:13:15: device 'pump-1' is already in line 12 — give each device of the site its own id",
        "credentials.yaml:2:47: there is no door 'door-1' — there is none to choose from",
        "credentials.yaml:3:36: there is no door 'door-1' — there is none to choose from")]
    [InlineData("unit: 12, pollMs: 200", "unit: 12, pollMs: 120000", "site.yaml:13:61: point 'swipe-seq' may be silent for 60000 ms but would be polled only every 120000 ms — write at most 60000")]
    [InlineData("point: pump-1/pressure", "point: pump-1/presure", "site.yaml:17:12: profile 'test-pump' of device 'pump-1' has no point 'presure' — did you mean 'pressure'?")]
    [InlineData("point: pump-1/pressure", "point: pump-2/pressure", "site.yaml:17:12: there is no device 'pump-2' — did you mean 'pump-1'?")]
    [InlineData("point: pump-1/pressure", "point: pressure", "site.yaml:17:12: 'point' is 'pressure' — write point: DEVICE/POINT")]
    [InlineData("warning: 0.45, alarm: 0.35", "warning: 0.35, alarm: 0.45", "site.yaml:18:12: alarm 0.45 comes before warning 0.35 when the value falls — write the alarm's limit below the warning's")]
    [InlineData("below: { warning: 0.45, alarm: 0.35 }", "above: { warning: 0.45, alarm: 0.35 }", "site.yaml:18:12: alarm 0.35 comes before warning 0.45 when the value rises — write the alarm's limit above the warning's")]
    [InlineData("warning: 0.45, alarm: 0.35", "warning: 0.45, alarm: 0.45", "site.yaml:18:12: warning and alarm are both 0.45 — let the warning come first, or leave one of the two out")]
    [InlineData("warning: 0.45, alarm: 0.35", "", "site.yaml:18:12: 'below' holds no limit — write below: { warning: …, alarm: … }; one of the two may be left out")]
    [InlineData("warning: 0.45, alarm: 0.35", "alarm: -1", "site.yaml:18:12: limit -1 lies outside the range [0, 2] of point 'pressure' and is never reached — write a limit inside the range")]
    [InlineData("below: { warning: 0.45, alarm: 0.35 }", "offDelayMs: 1", "site.yaml:15:5: the rule has no limits — write one of below, above, equals: { warning: …, alarm: … }", "site.yaml:21:5: 'offDelayMs' is already given in line 18 — keep one of the two")]
    [InlineData("hysteresis: 0.03", "above: { alarm: 1 }", "site.yaml:15:5: the rule looks in more than one direction — write one rule for each direction")]
    [InlineData("hysteresis: 0.03", "hysteresis: 0.1", "site.yaml:19:17: a hysteresis of 0.1 reaches from alarm 0.35 over warning 0.45 — write less than 0.10")]
    [InlineData("hysteresis: 0.03", "hysteresis: -1", "site.yaml:19:17: 'hysteresis' is -1 — write 0 or more, in the point's unit")]
    [InlineData("unit: 11,", "unit: 11, pollMs: 6000,", "site.yaml:22:19: device 'pump-1' is polled every 6000 ms, so the rule would be stale between two polls — write at least twice the poll period")]
    [InlineData("staleAfterMs: 10000", "staleLevel: alarm", "site.yaml:22:17: 'staleLevel' does nothing without 'staleAfterMs' — write staleAfterMs, or leave 'staleLevel' out")]
    [InlineData("staleAfterMs: 10000", "staleAfterMs: 10000\n    staleLevel: red", "site.yaml:23:17: 'staleLevel' is 'red' — write one of: alarm, warning")]
    [InlineData("point: pump-1/pressure\n    below: { warning: 0.45, alarm: 0.35 }\n    hysteresis: 0.03", "point: pump-1/running\n    below: { alarm: 0 }", "site.yaml:18:12: point 'running' is only 0 or 1 — write equals: { alarm: 1 }")]
    [InlineData("point: pump-1/pressure\n    below: { warning: 0.45, alarm: 0.35 }\n    hysteresis: 0.03", "point: pump-1/hall\n    equals: { alarm: 0 }", "site.yaml:18:13: point 'hall' is a float and hardly ever exactly a limit — write below or above")]
    [InlineData("  - id: plant", "  - &bus\n    id: plant", "site.yaml:8:5: anchors and aliases are not read here — write the value out")]
    [InlineData("timeZone: Asia/Shanghai", "timeZone: [Asia", "site.yaml:3:11: this is not YAML: a bracket or brace is not closed — mend the indentation, quotes or brackets here or just above")]
    public void Mistake_in_the_site_file_is_told_with_its_place_and_mend(string instead, string written, params string[] expected)
    {
        ArgumentNullException.ThrowIfNull(instead);
        ArgumentNullException.ThrowIfNull(expected);
        Expect(SampleSite.Sources(site: Change(SampleSite.Site, instead, written)), expected);
    }

    [Fact]
    public void Site_with_more_points_than_the_hub_can_be_told_of_is_a_mistake()
    {
        string points = string.Concat(Enumerable.Range(0, 400).Select(n => $"\n  p{n}: {{ table: input, address: {n + 10}, type: uint16 }}"));
        string devices = string.Concat(Enumerable.Range(13, 180).Select(n => $"\n      - {{ id: pump-{n}, profile: test-pump, unit: {n} }}"));
        Expect(
            SampleSite.Sources(
                site: Change(SampleSite.Site, "unit: 12, pollMs: 200 }", "unit: 12, pollMs: 200 }" + devices),
                pump: Change(SampleSite.Pump, "unit: V }", "unit: V }" + points)),
            ["site.yaml:8:3: the devices, points and rules are too many for one edge — give some of the lines to another edge, as a site of its own"]);
    }

    [Theory]
    [InlineData("kind: fire-pump", "kind: firepump", "test-pump.yaml:3:7: 'kind' is 'firepump' — did you mean 'fire-pump'?")]
    [InlineData("pollMs: 500", "pollMs: 5", "test-pump.yaml:5:9: 'pollMs' is '5' — write a whole number from 20 to 86400000")]
    [InlineData("table: holding, address: 0, type: uint16", "table: holdings, address: 0, type: uint16", "test-pump.yaml:7:57: 'table' is 'holdings' — did you mean 'holding'?")]
    [InlineData("address: 0, type: uint16, scale: 0.001", "address: 0, type: uint61, scale: 0.001", "test-pump.yaml:7:84: 'type' is 'uint61' — did you mean 'uint16'?")]
    [InlineData("scale: 0.001", "scale: 0", "test-pump.yaml:7:99: 'scale' is 0 — write a number from 0.000000001 to 1000000000 of at most 8 significant digits, so that values stay exact")]
    [InlineData("range: [0, 2]", "range: [2, 0]", "test-pump.yaml:7:124: 'range' runs from 2 to 0 — write the lower end first")]
    [InlineData("deadband: 0.005", "deadband: 2", "test-pump.yaml:7:142: a deadband of 2 is as wide as the range and would hide every change — write a small part of the range")]
    [InlineData("address: 2, type: uint32", "address: 65535, type: uint32", "test-pump.yaml:8:38: uint32 at 65535 runs past the last register, 65535 — write an address of at most 65534")]
    [InlineData("type: bool, bit: 3", "type: bool, bit: 17", "test-pump.yaml:9:59: 'bit' is '17' — write a whole number from 0 to 15")]
    [InlineData("type: bool, bit: 3", "type: bool", "test-pump.yaml:9:48: a bool in a register needs to know its bit — write bit: 0 (least significant) to 15")]
    [InlineData("type: bool, bit: 3", "type: int16, bit: 3", "test-pump.yaml:9:60: 'bit' belongs to a bool only — write type: bool, or leave 'bit' out")]
    [InlineData("type: bool, bit: 3", "type: bool, bit: 3, scale: 2", "test-pump.yaml:9:69: a bool has no 'scale' — leave it out")]
    [InlineData("address: 2, type: uint32", "address: 2, type: uint16, wordOrder: cdab", "test-pump.yaml:8:66: one register has no order of words — write badc if its two bytes are swapped, or leave 'wordOrder' out")]
    [InlineData("pollMs: 500", "pollMs: 500\nmaxRegistersPerRead: 1",
        "test-pump.yaml:9:47: uint32 takes 2 registers but the device delivers only 1 in one read — raise maxRegistersPerRead or choose a shorter type",
        "test-pump.yaml:11:43: float32 takes 2 registers but the device delivers only 1 in one read — raise maxRegistersPerRead or choose a shorter type")]
    [InlineData("  starts: { digits: 8", "  stars: { digits: 8", "test-pump.yaml:12:3: the profile has no point 'stars' — did you mean 'starts'?")]
    [InlineData("everyMinutes: 15", "everyMinutes: 7", "test-pump.yaml:12:38: a period of 420 s does not divide a day, so readings would miss midnight — write everyMinutes: 15, or another period that divides a day")]
    [InlineData("everyMinutes: 15", "everyMinutes: 15, everySeconds: 5", "test-pump.yaml:12:11: the period is given twice — write everyMinutes: 15, or another period that divides a day")]
    [InlineData("profile: test-pump", "profile: test-door", "test-door.yaml:1:10: profile 'test-door' is already in test-pump.yaml — give one of the two another id", "site.yaml:12:32: there is no profile 'test-pump' — write one of: test-door",
        "credentials.yaml:2:47: device 'door-1' is a fire-pump without an 'access' part in its profile — name a door or gate",
        "credentials.yaml:3:36: device 'door-1' is a fire-pump without an 'access' part in its profile — name a door or gate")]
    public void Mistake_in_a_profile_is_told_with_its_place_and_mend(string instead, string written, params string[] expected)
    {
        ArgumentNullException.ThrowIfNull(instead);
        ArgumentNullException.ThrowIfNull(expected);
        Expect(SampleSite.Sources(pump: Change(SampleSite.Pump, instead, written)), expected);
    }

    [Theory]
    [InlineData("kind: door", "kind: lift", "test-door.yaml:10:3: a lift lets nobody in — leave 'access' out, or write kind: door or gate")]
    [InlineData("swipeSequence: swipe-seq", "swipeSequence: door-open", "test-door.yaml:10:18: point 'door-open' is bool — name a plain uint16 point")]
    [InlineData("open: door-open", "open: doors-open", "test-door.yaml:13:9: the profile has no point 'doors-open' — did you mean 'door-open'?")]
    [InlineData("entries: 8", "entries: 50", "test-door.yaml:11:54: 'entries' is '50' — write a whole number from 1 to 41")]
    [InlineData("address: 16, entries", "address: 65520, entries", "test-door.yaml:11:41: 8 entries at 65520 run past the last register, 65535 — write an address of at most 65512")]
    [InlineData("layout: seq-u16 card-u32", "layout: card-u64", "test-door.yaml:11:65: 'layout' is 'card-u64' — write one of: seq-u16 card-u32")]
    [InlineData("  open: door-open\n", "", "test-door.yaml:13:15: 'heldOpenMs' needs to know when the door is open — name the point in 'open', or leave 'heldOpenMs' out")]
    public void Mistake_in_an_access_part_is_told_with_its_place_and_mend(string instead, string written, params string[] expected)
    {
        ArgumentNullException.ThrowIfNull(instead);
        ArgumentNullException.ThrowIfNull(expected);
        Expect(SampleSite.Sources(door: Change(SampleSite.Door, instead, written)), expected);
    }

    [Theory]
    [InlineData("id: guard", "id: tenant-7", "credentials.yaml:3:11: credential 'tenant-7' is already in line 2 — give each credential its own id")]
    [InlineData("card: 42", "card: 1234567890", "credentials.yaml:3:24: this card is already in line 2 — one card is one credential: join the two")]
    [InlineData("card: 42", "card: 4x2", "credentials.yaml:3:24: the card's number is not a positive decimal number — write its digits, as readers report it")]
    [InlineData("to: 2027-01-01", "to: 2026-01-01", "credentials.yaml:2:78: the credential ends before it begins — 'to' is the first day on which it is no longer valid: write a later day than 'from'")]
    [InlineData("from: 2026-01-01", "from: 2026-02-30", "credentials.yaml:2:62: 'from' is '2026-02-30' — write a day as 2026-01-31")]
    [InlineData("doors: [door-1], from", "doors: [pump-1], from", "credentials.yaml:2:47: device 'pump-1' is a fire-pump without an 'access' part in its profile — name a door or gate")]
    [InlineData("doors: [door-1], from", "doors: [door-2], from", "credentials.yaml:2:47: there is no door 'door-2' — did you mean 'door-1'?")]
    public void Mistake_in_the_credential_list_is_told_without_the_card(string instead, string written, params string[] expected)
    {
        ArgumentNullException.ThrowIfNull(instead);
        ArgumentNullException.ThrowIfNull(expected);
        SiteReadResult result = Expect(SampleSite.Sources(credentials: Change(SampleSite.Credentials, instead, written)), expected);
        Assert.DoesNotContain(result.Mistakes, m => m.ToString().Contains("4x2", StringComparison.Ordinal) || m.ToString().Contains("1234567890", StringComparison.Ordinal));
    }

    [Fact]
    public void All_mistakes_of_all_files_come_at_once_and_in_order()
    {
        SiteReadResult result = SiteConfigurationReader.Read(SampleSite.Sources(
            site: SampleSite.Site.Replace("port: 1883", "port: x", StringComparison.Ordinal).Replace("hysteresis: 0.03", "hysteresis: y", StringComparison.Ordinal),
            pump: SampleSite.Pump.Replace("scale: 0.001", "scale: z", StringComparison.Ordinal),
            credentials: SampleSite.Credentials.Replace("blocked: true", "blocked: w", StringComparison.Ordinal)));
        Assert.Null(result.Site);
        Assert.Equal(["site.yaml:4", "site.yaml:19", "credentials.yaml:3", "test-pump.yaml:7"], result.Mistakes.Select(m => $"{m.File}:{m.Line}"));
    }

    [Fact]
    public void Unreadable_neighbour_files_are_mistakes_where_they_are_named()
    {
        SiteSources sources = SampleSite.Sources() with
        {
            Credentials = ReferencedFile.Failed("credentials.yaml does not exist"),
            PasswordProblem = "edge.password does not exist",
        };
        Assert.Equal(
            [
                "site.yaml:4:83: edge.password does not exist — write the password that `iotp-hub edge add` printed into this file",
                "site.yaml:24:16: credentials.yaml does not exist — write the list of credentials into this file",
            ],
            SiteConfigurationReader.Read(sources).Mistakes.Select(m => m.ToString()));
    }

    [Fact]
    public void Empty_file_and_wrong_root_are_mistakes()
    {
        Assert.Equal("site.yaml:1:1: the file is empty — write the keys that edge/profiles/README.md names", Assert.Single(SiteConfigurationReader.Read(SampleSite.Sources(site: "")).Mistakes).ToString());
        Assert.Equal("site.yaml:1:1: the file is not a list of keys — begin with 'key: value' lines", Assert.Single(SiteConfigurationReader.Read(SampleSite.Sources(site: "- a")).Mistakes).ToString());
    }

    /// <summary>Whatever bytes a file holds, the reader answers with mistakes or a site, and never throws.</summary>
    [Fact]
    public void Mutated_files_never_throw()
    {
        Random random = new(20261122);
        string[] pieces = ["{", "}", "[", "]", ":", "- ", "\n", "\n  ", "\"", "'", "&a", "*a", "|", ">", "!!int", "#", "\t", "é", "%", "---", "...", "?", "999999999999999999999", "-0", "1e400", "null"];
        for (int round = 0; round < 3_000; round++)
        {
            string text = SampleSite.Site;
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                int at = random.Next(text.Length);
                int cut = Math.Min(random.Next(6), text.Length - at);
                text = string.Concat(text.AsSpan(0, at), pieces[random.Next(pieces.Length)], text.AsSpan(at + cut));
            }

            SiteReadResult result = SiteConfigurationReader.Read(SampleSite.Sources(site: text));
            Assert.True(result.Site is null == result.Mistakes.Length > 0, text);
            SiteConfigurationReader.References(new SourceText("site.yaml", text));
        }
    }

    private static string Change(string text, string instead, string written)
    {
        Assert.Contains(instead, text, StringComparison.Ordinal);
        int at = text.IndexOf(instead, StringComparison.Ordinal);
        return string.Concat(text.AsSpan(0, at), written, text.AsSpan(at + instead.Length));
    }

    private static SiteReadResult Expect(SiteSources sources, string[] expected)
    {
        SiteReadResult result = SiteConfigurationReader.Read(sources);
        Assert.Null(result.Site);
        string all = string.Join("\n", result.Mistakes);
        Assert.True(result.Mistakes.Length == expected.Length, all);
        Assert.All(expected, line => Assert.True(result.Mistakes.Any(m => m.ToString().Contains(line, StringComparison.Ordinal)), $"wanted: {line}\ngot:\n{all}"));
        return result;
    }
}
