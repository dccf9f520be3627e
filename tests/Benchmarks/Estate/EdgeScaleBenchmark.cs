using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using IotProperty.Benchmarks.Harness;
using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Hub;

namespace IotProperty.Benchmarks.Estate;

/// <summary>
/// One edge process that polls 500 devices of 100 registers each second, every register a point whose value changes at every poll: decoded, judged, kept on disk
/// and published to a hub that commits it. The edge's own cost is measured from outside; punctuality at the devices; that nothing is missing at the hub.
/// </summary>
internal sealed class EdgeScaleBenchmark : IBenchmark
{
    private const int Devices = 500;
    private const int PeriodMs = 1_000;
    private const int QuickDevices = 50;

    /// <summary>A poll is on time when it comes before a fifth of its period is over.</summary>
    private const double MaxGapMs = PeriodMs * 1.2;

    private const double CpuSecondsCeiling = 0.2;
    private const double ResidentMbCeiling = 150;
    private const string Site = "scale";

    public string Name => "edge-500-devices";

    public string Description => "500 devices of 100 registers each second in one edge process, kept and published: processor time, memory, punctuality";

    public bool PinToOneCore => false;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        bool full = run.RoundMs >= BenchmarkRun.Full.RoundMs;
        int devices = full ? Devices : QuickDevices;
        TimeSpan window = TimeSpan.FromSeconds(full ? 30 : 5);
        string folder = Directory.CreateTempSubdirectory("iotp-scale-").FullName;
        try
        {
            await using RegisterFarm farm = new(devices);
            await using ChildProgram hub = ChildProgram.Start(
                "hub", Program("iotp-hub"), ["run", "--data", Path.Combine(folder, "hub"), "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--json"], folder);
            JsonElement ready = await hub.AwaitEventAsync("ready", cancellationToken);
            using HubApi api = new(Text(ready, "http"), Text(await HubAsync(folder, ["token", "create", "--role", "administrator", "--name", "scale"], cancellationToken), "token"));
            WriteSite(folder, farm, devices, Text(ready, "mqtt"), await HubAsync(folder, ["edge", "add", Site], cancellationToken));
            await using ChildProgram edge = ChildProgram.Start(
                "edge", Program("iotp-edge"), ["run", "--site", Path.Combine(folder, "site.yaml"), "--data", Path.Combine(folder, "edge"), "--json"], folder, DemoRig.EdgeEnvironment);
            await edge.AwaitEventAsync("ready", cancellationToken);

            // Connecting, compiling hot code and the first full batches are the price of a start, not of a poll.
            await Task.Delay(TimeSpan.FromSeconds(full ? 15 : 5), TimeProvider.System, cancellationToken);
            long from = Stopwatch.GetTimestamp();
            TimeSpan cpuBefore = edge.ProcessorTime();
            await Task.Delay(window, TimeProvider.System, cancellationToken);
            long to = Stopwatch.GetTimestamp();
            TimeSpan cpu = edge.ProcessorTime() - cpuBefore;
            (_, double peakMb) = edge.ResidentMemory();

            farm.Mute();
            long missing = await MissingAsync(api, farm, devices, cancellationToken);
            int exitCode = await edge.StopAsync();
            if (exitCode != 0)
            {
                throw new InvalidOperationException($"the edge ended with exit code {exitCode}");
            }

            (int polls, int late, double longestGapMs) = Punctuality(farm, devices, from, to);
            return
            [
                // A short run of few devices is mostly a start: its figure is no poll's.
                new Measurement($"{Name}-cpu", cpu.TotalSeconds / polls * 1_000, "s/1,000 polls") { Ceiling = full ? CpuSecondsCeiling : null },
                new Measurement($"{Name}-resident", peakMb, "MB at peak") { Ceiling = ResidentMbCeiling },
                new Measurement($"{Name}-late", late, $"late of {polls} polls (longest gap {longestGapMs.ToString("0", CultureInfo.InvariantCulture)} ms)") { Ceiling = 0 },
                new Measurement($"{Name}-missing", missing, "samples not at the hub") { Ceiling = 0 },
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (int Polls, int Late, double LongestGapMs) Punctuality(RegisterFarm farm, int devices, long from, long to)
    {
        int polls = 0;
        int late = 0;
        double longest = 0;
        for (int device = 0; device < devices; device++)
        {
            long last = from;
            foreach (long at in farm.AskedAt(device).Where(at => at >= from && at <= to).Append(to))
            {
                double gapMs = Stopwatch.GetElapsedTime(last, at).TotalMilliseconds;
                longest = Math.Max(longest, gapMs);
                late += gapMs > MaxGapMs ? 1 : 0;
                polls += at < to ? 1 : 0;
                last = at;
            }
        }

        return (polls, late, longest);
    }

    /// <summary>
    /// How many register values were served and are not at the hub; asked until none is, at most for 20 s. The devices have fallen silent before, and the line's
    /// time-out is longer than this, so that no sample tells of the silence.
    /// </summary>
    private static async Task<long> MissingAsync(HubApi api, RegisterFarm farm, int devices, CancellationToken cancellationToken)
    {
        long served = Enumerable.Range(0, devices).Sum(device => (long)farm.AskedAt(device).Length) * RegisterFarm.Registers;
        long missing = served;
        for (int attempt = 0; attempt < 100 && missing > 0; attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken);
            missing = served - (await api.GetAsync<HubCount>($"telemetry/count?site={Site}", cancellationToken)).Samples;
        }

        return missing;
    }

    private static async Task<JsonElement> HubAsync(string folder, string[] arguments, CancellationToken cancellationToken)
    {
        string output = await ChildProgram.RunAsync("hub-command", Program("iotp-hub"), [.. arguments, "--data", Path.Combine(folder, "hub"), "--json"], folder, cancellationToken);
        return JsonDocument.Parse(output).RootElement;
    }

    private static void WriteSite(string folder, RegisterFarm farm, int devices, string mqtt, JsonElement edge)
    {
        string profiles = Directory.CreateDirectory(Path.Combine(folder, "profiles")).FullName;
        StringBuilder profile = new("profile: scale\nname: Scale\nkind: electricity-meter\nsource: this benchmark\npollMs: 1000\npoints:\n");
        for (int i = 0; i < RegisterFarm.Registers; i++)
        {
            profile.Append(CultureInfo.InvariantCulture, $"  p{i}: {{ table: holding, address: {i}, type: uint16, scale: 0.1, unit: V }}\n");
        }

        File.WriteAllText(Path.Combine(profiles, "scale.yaml"), profile.ToString());
        File.WriteAllText(Path.Combine(folder, "edge.password"), Text(edge, "password"));
        StringBuilder site = new();
        site.Append(CultureInfo.InvariantCulture, $"site: {Site}\nname: Scale\ntimeZone: Asia/Shanghai\n");
        string port = mqtt[(mqtt.LastIndexOf(':') + 1)..];
        site.Append(CultureInfo.InvariantCulture, $"uplink: {{ host: 127.0.0.1, port: {port}, user: {Text(edge, "user")}, passwordFile: edge.password }}\nprofiles: profiles\nlines:\n");
        for (int i = 0; i < devices; i++)
        {
            site.Append(CultureInfo.InvariantCulture, $"  - {{ id: line-{i}, modbusTcp: {{ host: 127.0.0.1, port: {farm.PortOf(i)} }}, timeoutMs: 60000, devices: [{{ id: device-{i}, profile: scale, unit: 1 }}] }}\n");
        }

        File.WriteAllText(Path.Combine(folder, "site.yaml"), site.ToString());
    }

    private static string Program(string name) => Path.Combine(AppContext.BaseDirectory, $"{name}.dll");

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.GetString() is { } text ? text : throw new InvalidOperationException($"no '{name}' in {json}");
}
