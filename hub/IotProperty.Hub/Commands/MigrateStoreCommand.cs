using System.CommandLine;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Storage.Migration;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub migrate-store</c>: an embedded hub's data into the stores that hub.yaml names.</summary>
internal static class MigrateStoreCommand
{
    private const string About = """
        Move what an embedded hub holds into the stores that hub.yaml names: the ledger into PostgreSQL, telemetry into InfluxDB or VictoriaMetrics.

        Stop the hub first. The embedded files are only read and remain what they are. A move that was broken off, in whatever way, goes on where it
        stood when the command is run again. In the end everything is read back, counted and hashed, and only when all of it is equal may a hub serve
        from the new stores. Compared exactly: every column of every row (times of lock-outs in microseconds); of samples time, order, quality, clock
        trust and value. VictoriaMetrics keeps 12 significant digits of a value for sure and no sign of zero: samples whose value it rounds are counted.

        Exit codes: 0 all is moved and equal; 1 broken off, run it again; 2 it cannot begin, with the mend on standard error; 3 the new stores hold
        something else than the embedded ones, each difference is named, and nothing is marked as done.
        """;

    public static Command Create(TextWriter output, TextWriter errors, TimeProvider time)
    {
        Option<string> data = new("--data") { Description = "The data folder of the embedded hub.", HelpName = "DIR", Required = true };
        Option<string?> config = HubOptions.Config();
        Option<bool> leaveOut = new("--leave-out-unstorable")
        {
            Description = "Leave samples where they are that the new store cannot hold (times outside its retention) or that are damaged, and move the rest.",
        };
        Option<bool> upgrade = new("--upgrade-source")
        {
            Description = "Bring embedded files of an older program to this program's schema first, as the hub's start would: the only change ever made to them.",
        };
        Option<bool> json = HubOptions.Json();
        Command command = new("migrate-store", About) { data, config, leaveOut, upgrade, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string folder = parsed.GetRequiredValue(data);
            if (!Directory.Exists(folder))
            {
                throw new UsageException($"--data {folder}: there is no such folder — give the data folder of the hub");
            }

            MigrationOptions options = new() { LeaveOutUnstorable = parsed.GetValue(leaveOut), UpgradeSource = parsed.GetValue(upgrade) };
            bool isTerminal = ReferenceEquals(errors, Console.Error) && !Console.IsErrorRedirected;
            IEndingReport report = parsed.GetValue(json) ? new MigrationJson(output, time) : new MigrationText(output, isTerminal ? errors : null, time);
            StoreMigration migration = new(
                HubConfiguration.Load(parsed.GetValue(config), folder), DataFolder.Open(folder), options, report, time, settings => TelemetryServices.EngineOf(settings, time));
            long differences = await migration.RunAsync(cancellationToken);
            report.Close(differences);
            return differences == 0 ? ExitCode.Ok : ExitCode.StoresDiffer;
        });
        return command;
    }
}

/// <summary>A report that says in the end how it went.</summary>
internal interface IEndingReport : IMigrationReport
{
    void Close(long differences);
}
