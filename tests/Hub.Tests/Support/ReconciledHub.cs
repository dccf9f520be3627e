using System.Security.Cryptography;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Support;

/// <summary>
/// A hub whose edge told of 23 hours that stand in every way there is: equal but for the hours named here, counted back from the running one. Its clock stands at twenty
/// minutes past the hour.
/// </summary>
public sealed class ReconciledHub : IAsyncLifetime
{
    public const string Site = "riverside";
    public const int Missing = 3;
    public const int CountDiffers = 4;
    public const int DeclaredGap = 5;
    public const int Untold = 6;
    public const int ContentDiffers = 7;
    public const int Silent = 8;
    public const int RefusedReadings = 9;

    /// <summary>What a hub said when it refused: comes from outside, and looks like markup and like a formula.</summary>
    public const string ForeignReason = "=HYPERLINK(\"x\") <script>";

    private const long Epoch = 7;
    private const long Hour = HourTally.HourLengthMs;
    private readonly Dictionary<Lane, long> _sequences = [];

    public HubUnderTest Hub { get; private set; } = null!;

    public DateTimeOffset Now { get; init; } = new(2026, 3, 2, 6, 20, 0, TimeSpan.Zero);

    /// <summary>When the running hour began; milliseconds since the Unix epoch, UTC.</summary>
    public long RunningMs => HourTally.StartOfHour(Now.ToUnixTimeMilliseconds());

    public async Task InitializeAsync()
    {
        StandingClock clock = new();
        clock.MoveTo(Now);
        Hub = await HubUnderTest.StartAsync(clock);
        await DeclareAsync(Site, "Riverside Garden", "滨江花园");
        await DeclareAsync("hillside", "Hillside Court", "山麓苑");
        for (int back = 23; back >= 0; back--)
        {
            await FillAsync(back);
        }

        await TellAsync(new Batch { Key = Next(Lane.Event), ClockSteps = [new ClockStep("step-1", RunningMs - (2 * Hour) + 60_000, 5_400_000, 90_000, true)] });
    }

    public async Task DisposeAsync() => await Hub.DisposeAsync();

    private async Task DeclareAsync(string site, string en, string zhCn) => await Hub.Services.GetRequiredService<IEdgeDirectory>().TakeStateAsync(
        new EdgeState(site, true, Epoch, "0.1.0", "ab", Now.ToUnixTimeMilliseconds(), new SiteCatalogue(new LocalText(en, zhCn), "Asia/Shanghai", [], [])), default);

    private async Task FillAsync(int back)
    {
        long hourMs = RunningMs - (back * Hour);
        if (back == Silent)
        {
            return;
        }

        Batch first = Samples(hourMs, 1);
        Batch second = Samples(hourMs, 2);
        await CommitAsync(first);
        if (back is not Missing and not DeclaredGap)
        {
            await CommitAsync(second);
        }

        if (back == DeclaredGap)
        {
            await CommitAsync(new Batch
            {
                Key = Next(Lane.Event),
                Gaps = [new GapRecord("gap-1", Lane.Telemetry, Epoch, second.Key.Sequence, second.Key.Sequence, hourMs + 2_000, hourMs + 2_004, 5, "disk quota")],
            });
        }

        if (back is not Untold and not 0)
        {
            await TellAsync(hourMs, back switch { CountDiffers => 1, _ => 0 }, back switch { CountDiffers or ContentDiffers => 1UL, _ => 0UL }, first, second);
        }

        if (back % 4 == 1)
        {
            await ReadMetersAsync(hourMs, back == RefusedReadings);
        }
    }

    private async Task ReadMetersAsync(long hourMs, bool refused)
    {
        Batch readings = new()
        {
            Key = Next(Lane.Reading),
            Readings = [.. Enumerable.Range(0, 3).Select(n => new MeterReading($"meter-{n}", "energy", "kWh", hourMs, 100m + n, 9, Quality.Good, true))],
        };
        if (refused)
        {
            await CommitAsync(new Batch
            {
                Key = Next(Lane.Event),
                Gaps = [new GapRecord("gap-2", Lane.Reading, Epoch, readings.Key.Sequence, readings.Key.Sequence, hourMs, hourMs, 3, ForeignReason)],
            });
        }
        else
        {
            await CommitAsync(readings);
        }

        await TellAsync(hourMs, 0, 0, readings);
    }

    private Batch Samples(long hourMs, int part) => new()
    {
        Key = Next(Lane.Telemetry),
        Samples = [.. Enumerable.Range(0, 5).Select(n => new Sample(new PointRef("lift-1", "position"), hourMs + (part * 1_000) + n, n, Quality.Good, true))],
    };

    /// <summary>The edge's tally of the batches of one lane and hour, off by so many records and so much content.</summary>
    private async Task TellAsync(long hourMs, long moreRecords, ulong otherContent, params Batch[] batches)
    {
        BatchTally[] sums = [.. batches.Select(batch => BatchTally.Of(batch).Single())];
        ulong hash = sums.Aggregate(otherContent, (sum, tally) => unchecked(sum + tally.Hash));
        await CommitAsync(new Batch
        {
            Key = Next(Lane.Event),
            Tallies =
            [
                new HourTally(
                    Epoch, batches[0].Key.Lane, hourMs, sums.Sum(tally => tally.Records) + moreRecords, hash, batches[0].Key.Sequence, batches[^1].Key.Sequence, 1),
            ],
        });
    }

    private async Task TellAsync(Batch batch)
    {
        await CommitAsync(batch);
        await TellAsync(BatchTally.Of(batch).Single().HourMs, 0, 0, batch);
    }

    private BatchKey Next(Lane lane) => new(Site, Epoch, lane, _sequences[lane] = _sequences.GetValueOrDefault(lane) + 1);

    private async Task CommitAsync(Batch batch)
    {
        byte[] hash = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(batch.Key.ToString()))[..16];
        CommitOutcome outcome = batch.Key.Lane == Lane.Telemetry
            ? await Hub.Services.GetRequiredService<ITelemetryStore>().CommitAsync(batch, hash, default)
            : (await Hub.Services.GetRequiredService<IEventLedger>().CommitAsync(batch, hash, default)).Outcome;
        Assert.Equal(CommitOutcome.Committed, outcome);
    }
}
