using System.Diagnostics;
using System.Globalization;
using IotProperty.Benchmarks.Harness;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Devices;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Benchmarks.Bus;

/// <summary>
/// Reads of 100 registers over Modbus RTU on a pseudo-terminal that is paced like a wire, against the time that the wire itself needs: request, silence, answer, silence,
/// with the silences of the specification (MODBUS over Serial Line V1.02, §2.5.1.1) and a device that answers as soon as it may.
/// </summary>
internal sealed class RtuWireBenchmark : IBenchmark
{
    private const double RatioFloor = 0.97;
    private const int Registers = 100;
    private const int RequestBytes = 8;
    private const int ReplyBytes = 5 + (2 * Registers);
    private const double SilentCharacters = 3.5;
    private const int FastestScaledBaud = 19_200;
    private const double FixedSilenceMs = 1.75;

    private static readonly int[] Bauds = [9_600, 19_200, 115_200];

    public string Name => "rtu-wire";

    public string Description => "reads of 100 registers over Modbus RTU on a paced line, against the time that the wire itself needs";

    public bool PinToOneCore => false;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        List<Measurement> measurements = [];
        foreach (int baud in Bauds)
        {
            measurements.Add(await MeasureAsync(baud, TimeSpan.FromMilliseconds(run.RoundMs * 20), cancellationToken));
        }

        return measurements;
    }

    private async Task<Measurement> MeasureAsync(int baud, TimeSpan duration, CancellationToken cancellationToken)
    {
        SerialTransport transport = new("", baud, SerialFormat.Parse("8E1")!.Value);
        double silenceMs = baud > FastestScaledBaud ? FixedSilenceMs : transport.Speed!.Value.MsFor(SilentCharacters);
        double wireMs = transport.Speed!.Value.MsFor(RequestBytes + ReplyBytes) + (2 * silenceMs);
        StagedLine staged = new(new Transports.SerialSettings(baud, parity: Transports.SerialParity.Even), Units: 1) { ResponseDelay = TimeSpan.FromMilliseconds(silenceMs) };
        await using SimulatedSerialLine wire = SimulatedSerialLine.Start(staged.Build());
        LineConfiguration line = BusSite.Line("wire", transport with { Port = wire.Port }, timeoutMs: 1_000, BusSite.Profile(Registers, pollMs: 1_000), units: 1);
        await using BusDriver driver = BusDriver.Open(line, TimeProvider.System, new Random(1), NullLogger<BusLine>.Instance);

        BlockValues values = new();
        ReadBlock block = ReadPlanner.Plan(line.Devices[0].Profile).Single();
        await ReadAsync(driver, line, block, values, cancellationToken);
        List<double> milliseconds = [];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            long before = Stopwatch.GetTimestamp();
            await ReadAsync(driver, line, block, values, cancellationToken);
            milliseconds.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
        }

        // The median of exchanges: what else runs on the machine now and then holds one up, and no wire.
        double median = BenchmarkRun.Median(milliseconds);
        return new Measurement($"{Name}-{baud.ToString(CultureInfo.InvariantCulture)}", median, $"ms/read of {milliseconds.Count.ToString(CultureInfo.InvariantCulture)}")
        {
            Baseline = wireMs,
            Ratio = wireMs / median,
            RatioFloor = RatioFloor,
        };
    }

    private static async Task ReadAsync(BusDriver driver, LineConfiguration line, ReadBlock block, BlockValues values, CancellationToken cancellationToken)
    {
        DriverReply reply = await driver.ReadAsync(line.Devices[0], block, values, cancellationToken);
        if (reply.Outcome != DriverOutcome.Ok || values.Registers[Registers - 1] != StagedLine.RegisterOf(1, Registers - 1))
        {
            throw new InvalidOperationException($"{reply.Outcome}: {reply.Detail}");
        }
    }
}
