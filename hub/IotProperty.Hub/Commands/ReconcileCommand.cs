using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using IotProperty.Hub.Api.Json;
using IotProperty.Hub.Api.Reconciliation;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub reconcile</c>: what an edge recorded against what this hub received. Works beside a running hub.</summary>
internal static class ReconcileCommand
{
    private const string About = """
        Compare, hour by hour and lane by lane, what the edge of a site recorded with what this hub received.

        Exit codes: 0 every hour is equal, declared, open or unknown; 3 something is missing or different and no edge has said so.
        """;

    private static readonly JsonSerializerOptions Json = ApiJson.Create();

    public static Command Create(TextWriter output, TimeProvider time)
    {
        Option<string> site = new("--site") { Description = "The site's id.", HelpName = "SITE", Required = true };
        Option<string> from = new("--from") { Description = "The first hour to compare (RFC 3339).", HelpName = "TIME", Required = true };
        Option<string> to = new("--to") { Description = "The end; hours that begin at it or later are left out. At most 31 days after --from.", HelpName = "TIME", Required = true };
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Command command = new("reconcile", About) { site, from, to, data, config, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            (long fromMs, long toMs) = ReadSpan(parsed.GetRequiredValue(from), parsed.GetRequiredValue(to));
            await using ServiceProvider hub = Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            SiteReconciliation found = await hub.GetRequiredService<ReconciliationDesk>().CompareAsync(parsed.GetRequiredValue(site), fromMs, toMs, cancellationToken);
            await WriteAsync(output, found, parsed.GetValue(json));
            return found.Hours.Any(hour => hour.IsUndeclared) ? ExitCode.UndeclaredDifference : ExitCode.Ok;
        });
        return command;
    }

    private static (long FromMs, long ToMs) ReadSpan(string from, string to)
    {
        if (!Instant.TryRead(from, out long fromMs))
        {
            throw new UsageException($"--from {from}: must be {Instant.Mend}");
        }

        if (!Instant.TryRead(to, out long toMs))
        {
            throw new UsageException($"--to {to}: must be {Instant.Mend}");
        }

        return toMs > fromMs && toMs - fromMs <= ReconciliationDesk.MaxHours * HourTally.HourLengthMs
            ? (fromMs, toMs)
            : throw new UsageException($"--to {to}: must lie after --from, by 31 days at most");
    }

    private static ServiceProvider Open(string dataFolder, string? configurationFile, TimeProvider time)
    {
        if (!Directory.Exists(dataFolder))
        {
            throw new UsageException($"--data {dataFolder}: there is no such folder — give the data folder of the hub");
        }

        HubConfiguration configuration = HubConfiguration.Load(configurationFile, dataFolder);
        DataFolder folder = DataFolder.Open(dataFolder);
        ServiceProvider hub = new ServiceCollection()
            .AddSingleton(time)
            .AddLogging()
            .AddSingleton<ILiveFeed, LiveFeed>()
            .AddLedger(configuration.Ledger, folder)
            .AddTelemetry(configuration.Telemetry, folder)
            .AddSingleton<ReconciliationDesk>()
            .BuildServiceProvider();
        hub.GetRequiredService<LedgerDatabase>().Prepare();
        return hub;
    }

    private static async Task WriteAsync(TextWriter output, SiteReconciliation found, bool json)
    {
        if (json)
        {
            foreach (HourComparison hour in found.Hours)
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(HourView.Of(hour), Json));
            }

            return;
        }

        await output.WriteLineAsync($"{"hour",-20} {"lane",-10} {"verdict",-13} {"recorded",12} {"received",12}  details");
        foreach (HourComparison hour in found.Hours)
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{Instant.Format(hour.HourMs)[..19] + "Z",-20} {EnumName.Kebab(hour.Lane),-10} {EnumName.Kebab(hour.Verdict),-13} {hour.Recorded,12} {hour.Received,12}  {string.Join("; ", hour.Epochs.SelectMany(Details))}").TrimEnd());
        }

        await output.WriteLineAsync(found.Hours.Count(hour => hour.IsUndeclared) is var bad and > 0
            ? $"{bad} of {found.Hours.Count} hours hold a difference that no edge has declared."
            : $"{found.Hours.Count} hours compared, no undeclared difference.");
    }

    private static IEnumerable<string> Details(EpochComparison part)
    {
        if (part.Missing.Count > 0)
        {
            yield return $"epoch {part.Epoch} lacks batches {string.Join(", ", part.Missing.Select(Text))}";
        }
        else if (part.Verdict == HourVerdict.Different)
        {
            yield return $"epoch {part.Epoch}: every batch is here, yet {(part.Recorded == part.Received ? "the content differs" : "the count differs")}";
        }

        foreach (GapRecord gap in part.Gaps)
        {
            yield return $"epoch {part.Epoch} declared batches {Text(new SequenceRange(gap.FirstSequence, gap.LastSequence))} lost: {gap.Reason}";
        }
    }

    private static string Text(SequenceRange range) => range.First == range.Last ? $"{range.First}" : $"{range.First}-{range.Last}";
}
