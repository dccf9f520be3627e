using System.CommandLine;
using IotProperty.Benchmarks.Bus;
using IotProperty.Benchmarks.Decode;
using IotProperty.Benchmarks.Estate;
using IotProperty.Benchmarks.Harness;
using IotProperty.Benchmarks.Ingest;
using IotProperty.Benchmarks.Modbus;
using IotProperty.Benchmarks.Mqtt;
using IotProperty.Benchmarks.Outbox;
using IotProperty.Benchmarks.Uplink;

// Every benchmark of the product, in the order of the report. One class each, in the folder of its room.
IBenchmark[] benchmarks =
[
    new ModbusTcpReadBenchmark(),
    new MqttPublishBenchmark(),
    new FrontDoorBenchmark(),
    new HostileClientsBenchmark(),
    new RtuWireBenchmark(),
    new DeadUnitsBenchmark(),
    new MeterFrameBenchmark(),
    new BatchCodecBenchmark(),
    new TelemetryIngestBenchmark(),
    new InfluxIngestBenchmark(),
    new VictoriaIngestBenchmark(),
    new ReplicasBenchmark(),
    new ReadingIngestBenchmark(),
    new BacklogDrainBenchmark(),
    new EdgeScaleBenchmark(),
    new WireBytesBenchmark(),
    new HubCapacityBenchmark(),
];

Argument<string[]> names = new("name") { Description = "Run only benchmarks whose name contains one of these.", Arity = ArgumentArity.ZeroOrMore };
Option<bool> list = new("--list") { Description = "List the benchmarks and end." };
Option<bool> quick = new("--quick") { Description = "Fewer and shorter rounds; what misses a bound is measured again in full before it counts." };
Option<bool> show = new("--show-only") { Description = "Missed bounds are shown but do not decide the exit code; a benchmark that fails to run still does." };
Option<bool> json = new("--json") { Description = "Print one JSON object a line." };
RootCommand command = new("Measures IotProperty against its floors.\n\nExit codes: 0 every bound holds; 1 a bound is missed or a benchmark failed; 2 bad usage.")
{
    names, list, quick, show, json,
};

command.SetAction(async (parsed, cancellationToken) =>
{
    string[] wanted = parsed.GetValue(names) ?? [];
    IBenchmark[] chosen = [.. benchmarks.Where(b => wanted.Length == 0 || wanted.Any(w => b.Name.Contains(w, StringComparison.OrdinalIgnoreCase)))];
    if (chosen.Length == 0 && wanted.Length > 0)
    {
        await Console.Error.WriteLineAsync($"no benchmark is named like {string.Join(" or ", wanted)}; --list shows them");
        return 2;
    }

    if (parsed.GetValue(list))
    {
        foreach (IBenchmark benchmark in chosen)
        {
            Console.WriteLine($"{benchmark.Name,-44} {benchmark.Description}");
        }

        return 0;
    }

    Report report = new(Console.Out, parsed.GetValue(json));
    BenchmarkRun run = parsed.GetValue(quick) ? BenchmarkRun.Quick : BenchmarkRun.Full;
    bool ok = true;
    foreach (IBenchmark benchmark in chosen)
    {
        ok &= await RunAsync(benchmark, run, report, parsed.GetValue(show), cancellationToken);
    }

    return ok ? 0 : 1;
});

ParseResult result = command.Parse(args);
int exitCode = await result.InvokeAsync();
return result.Errors.Count > 0 ? 2 : exitCode;

static async Task<bool> RunAsync(IBenchmark benchmark, BenchmarkRun run, Report report, bool showOnly, CancellationToken cancellationToken)
{
    using ProcessorPin? pin = benchmark.PinToOneCore ? new ProcessorPin() : null;
    try
    {
        IReadOnlyList<Measurement> measurements = await benchmark.RunAsync(run, cancellationToken);
        if (!showOnly && run != BenchmarkRun.Full && !measurements.All(m => m.Ok))
        {
            // Short rounds on a busy machine may miss by bad luck: only a full measurement condemns.
            measurements = await benchmark.RunAsync(BenchmarkRun.Full, cancellationToken);
        }

        foreach (Measurement measurement in measurements)
        {
            report.Add(measurement);
        }

        return showOnly || measurements.All(m => m.Ok);
    }
    catch (Exception error) when (error is not OperationCanceledException)
    {
        // One benchmark that cannot run must not hide the figures of the others.
        report.Failed(benchmark.Name, error);
        return false;
    }
}
