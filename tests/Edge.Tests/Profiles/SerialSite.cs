using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Profiles;

/// <summary>A site with lines of every kind and meters of made-up items.</summary>
internal static class SerialSite
{
    public const string Site = """
        site: riverside
        name: Riverside Garden
        timeZone: Asia/Shanghai
        uplink: { host: 127.0.0.1, port: 1883, user: riverside, passwordFile: edge.password }
        lines:
          - id: cellar
            serial: { port: /dev/ttyUSB0, baud: 2400, format: 8N2, rs485: { rtsOnSend: false, delayBeforeMs: 1 }, echo: true, lowLatency: true }
            devices:
              - { id: m1, profile: test-meter, address: "000000123456" }
              - { id: x1, profile: test-module, unit: 3 }
          - id: riser
            tcp: { host: 192.168.1.7, port: 4001, baud: 9600 }
            devices:
              - { id: h1, profile: test-heat, address: 12345678HYD0104 }
              - { id: h2, profile: test-heat, unit: 5 }
              - { id: w1, profile: test-water, address: "78330011223344", meterType: "10", alarms: none }
          - id: board
            onboard: {}
            devices:
              - { id: c1, profile: test-contact }
        alarms:
          - { id: m1-low, point: m1/energy, below: { alarm: 5 } }
        diagnostics: { everySeconds: 10 }
        """;

    public const string Meter = """
        profile: test-meter
        name: Test meter
        kind: electricity-meter
        protocol: dlt645-2007
        source: made for these tests
        pollMs: 300000
        quirks: { noBlocks: true, wakeUpBytes: 2, minGapMs: 50 }
        control: { relay: true }
        points:
          energy: { item: energy }
          relay: { item: relay }
        readings:
          energy: { everyMinutes: 15 }
        alarms:
          - { id: low, point: energy, below: { warning: 10 }, onDelayMs: 100 }
          - { id: open, point: relay, equals: { alarm: 1 } }
        """;

    public const string Module = """
        profile: test-module
        name: Test module
        kind: sensor
        source: made for these tests
        pollMs: 1000
        quirks: { avoid: [[4, 7], [9, 9]], writeMultipleOnly: true }
        points:
          level: { table: input, address: 0, bits: [4, 6] }
          total: { table: input, address: 2, type: bcd32 }
          serial: { table: input, address: 10, type: string, length: 8, wordOrder: badc }
        """;

    public const string Others = """
        profile: test-PROTOCOL
        name: Test
        kind: KIND
        protocol: PROTOCOL
        source: made for these tests
        pollMs: 60000
        points:
          value: { item: energy }
        """;

    public static SiteSources Sources(string site = Site, string meter = Meter, string module = Module) => new()
    {
        Site = new SourceText("site.yaml", site),
        Profiles =
        [
            new SourceText("meter.yaml", meter),
            new SourceText("module.yaml", module),
            new SourceText("heat.yaml", Other("heat", "mbus", "heat-meter")),
            new SourceText("water.yaml", Other("water", "cjt188", "water-meter")),
            new SourceText("contact.yaml", Other("contact", "onboard", "sensor")),
        ],
        Items = new SampleItems(),
        FindTimeZone = SampleSite.FindTimeZone,
    };

    private static string Other(string id, string protocol, string kind) => Others
        .Replace("test-PROTOCOL", $"test-{id}", StringComparison.Ordinal)
        .Replace("PROTOCOL", protocol, StringComparison.Ordinal)
        .Replace("KIND", kind, StringComparison.Ordinal);
}
