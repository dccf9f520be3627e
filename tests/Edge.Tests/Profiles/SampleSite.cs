using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Profiles;

/// <summary>A small, whole site as texts, so that a test changes one line and knows where it stands.</summary>
internal static class SampleSite
{
    public const string Site = """
        site: riverside
        name: { en: Riverside Garden, zh-CN: 滨江花园 }
        timeZone: Asia/Shanghai
        uplink: { host: 127.0.0.1, port: 1883, tls: false, user: riverside, passwordFile: edge.password }
        health: { listen: "127.0.0.1:9180" }
        outbox: { flushMs: 250, maxBytes: 268435456, window: 16 }
        lines:
          - id: plant
            modbusTcp: { host: 127.0.0.1, port: 15020 }
            timeoutMs: 500
            devices:
              - { id: pump-1, profile: test-pump, unit: 11, name: { en: Pump 1, zh-CN: 1号泵 } }
              - { id: door-1, profile: test-door, unit: 12, pollMs: 200 }
        alarms:
          - id: pressure-low
            name: { en: Pressure low, zh-CN: 压力不足 }
            point: pump-1/pressure
            below: { warning: 0.45, alarm: 0.35 }
            hysteresis: 0.03
            onDelayMs: 500
            offDelayMs: 2000
            staleAfterMs: 10000
        access:
          credentials: credentials.yaml
        """;

    public const string Pump = """
        profile: test-pump
        name: { en: Test pump, zh-CN: 测试泵 }
        kind: fire-pump
        source: made for these tests
        pollMs: 500
        points:
          pressure: { name: { en: Pressure, zh-CN: 压力 }, table: holding, address: 0, type: uint16, scale: 0.001, unit: MPa, range: [0, 2], deadband: 0.005 }
          starts: { table: holding, address: 2, type: uint32 }
          running: { table: holding, address: 4, type: bool, bit: 3 }
          hall: { table: input, address: 0, type: float32, wordOrder: cdab, unit: V }
        readings:
          starts: { digits: 8, everyMinutes: 15 }
        """;

    public const string Door = """
        profile: test-door
        name: Test door
        kind: door
        source: made for these tests
        pollMs: 250
        points:
          swipe-seq: { table: holding, address: 0, type: uint16 }
          door-open: { table: discrete, address: 0 }
        access:
          swipeSequence: swipe-seq
          swipeRing: { table: holding, address: 16, entries: 8, layout: seq-u16 card-u32 }
          unlock: { coil: 0 }
          open: door-open
          heldOpenMs: 30000
        """;

    public const string RelayMeter = """
        profile: relay-meter
        name: Meter with a relay
        kind: electricity-meter
        source: made for these tests
        protocol: dlt645-2007
        pollMs: 1000
        points:
          energy: { item: "00010000", unit: kWh }
        control: { relay: true }
        """;

    public const string Credentials = """
        credentials:
          - { id: tenant-7, card: 1234567890, doors: [door-1], from: 2026-01-01, to: 2027-01-01 }
          - { id: guard, card: 42, doors: [door-1], blocked: true }
        """;

    public static SiteSources Sources(string site = Site, string pump = Pump, string door = Door, string credentials = Credentials) => new()
    {
        Site = new SourceText("site.yaml", site),
        Profiles = [new SourceText("test-pump.yaml", pump), new SourceText("test-door.yaml", door)],
        Credentials = ReferencedFile.Read(new SourceText("credentials.yaml", credentials)),
        Items = new SampleItems(),
        FindTimeZone = FindTimeZone,
    };

    public static TimeZoneInfo? FindTimeZone(string id) => TimeZoneInfo.TryFindSystemTimeZoneById(id, out TimeZoneInfo? zone) ? zone : null;

    public static SiteConfiguration Read(string site = Site, string pump = Pump, string door = Door, string credentials = Credentials)
    {
        SiteReadResult result = SiteConfigurationReader.Read(Sources(site, pump, door, credentials));
        Assert.Empty(result.Mistakes);
        return result.Site!;
    }
}
