using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Storage.Backup;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub backup</c> and <c>iotp-hub restore</c>: an embedded hub's data folder into one file and back.</summary>
internal static class BackupCommand
{
    private const string About = """
        Take a backup of an embedded hub into one file, while the hub runs and takes in batches.

        In it is everything that the hub had acknowledged to an edge when the backup began: each database as one transaction's view, and every other file of the
        data folder (hub.yaml, keys, secrets, certificates), so keep the file as you keep those; only its owner may read it. It is a tar archive whose manifest.json
        names each part with its size, rows and SHA-256. FILE appears under its name only when it is whole and was restored into a scratch place beside it and checked.
        It needs room for the data twice while it is taken.
        """;

    private const string AboutRestore = """
        Make a data folder out of a backup. Nothing is there under its name before all of it is checked.

        Then start the hub on it: it brings an older schema up to date, and edges go on where they stand. What the hub acknowledged after the backup began may not be in it;
        'iotp-hub reconcile' names each hour that lacks something. Do not start the old data folder beside it.
        """;

    public static Command Create(TextWriter output, TimeProvider time)
    {
        Option<string> data = ExistingData();
        Option<string?> config = HubOptions.Config();
        Option<string> file = new("--out") { Description = "The backup to write; must not be there yet.", HelpName = "FILE", Required = true };
        Option<bool> verify = new("--verify") { Description = "Restore it into a scratch place and check it before it gets its name.", DefaultValueFactory = _ => true };
        Option<bool> json = HubOptions.Json();
        Command command = new("backup", About) { data, file, verify, config, json };
        command.SetAction((parsed, _) =>
        {
            string folder = parsed.GetRequiredValue(data);
            if (!Directory.Exists(folder))
            {
                throw new UsageException($"--data {folder}: there is no such folder — give the data folder of the hub");
            }

            GrownBackup.Refuse(HubConfiguration.Load(parsed.GetValue(config), folder), folder);
            bool asJson = parsed.GetValue(json);
            FolderBackup backup = new(DataFolder.Open(folder), parsed.GetRequiredValue(file), time)
            {
                Verify = parsed.GetValue(verify),
                Step = step =>
                {
                    if (asJson)
                    {
                        output.WriteLine(JsonSerializer.Serialize(new { @event = "step", step }));
                        output.Flush();
                    }
                },
            };
            RestoredFolder taken = backup.Take();
            Tell(output, asJson, backup.Verify ? "verified" : "written", parsed.GetRequiredValue(file), taken);
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    public static Command CreateRestore(TextWriter output)
    {
        Option<string> from = new("--from") { Description = "The backup.", HelpName = "FILE", Required = true };
        Option<string> data = new("--data") { Description = "The data folder to make; must not be there yet, or be empty.", HelpName = "NEWDIR", Required = true };
        Option<bool> json = HubOptions.Json();
        Command command = new("restore", AboutRestore) { from, data, json };
        command.SetAction((parsed, _) =>
        {
            string file = parsed.GetRequiredValue(from);
            if (!File.Exists(file))
            {
                throw new UsageException($"--from {file}: there is no such file — give a file that 'iotp-hub backup' made");
            }

            string target = parsed.GetRequiredValue(data);
            Tell(output, parsed.GetValue(json), "restored", target, FolderRestore.Restore(file, target));
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    private static Option<string> ExistingData() => new("--data") { Description = "The hub's data folder.", HelpName = "DIR", Required = true };

    private static void Tell(TextWriter output, bool json, string how, string where, RestoredFolder what)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(new
            {
                @event = how,
                path = where,
                began = what.Manifest.Began,
                parts = what.Manifest.Parts.Select(part => new { name = part.Name, bytes = part.Bytes, sha256 = part.Sha256, schema = part.Schema, rows = part.Rows?.Values.Sum() }),
                damaged = what.DamagedRuns,
            }));
            return;
        }

        foreach (BackupPart part in what.Manifest.Parts)
        {
            string rows = part.Rows is { } tables ? string.Create(CultureInfo.InvariantCulture, $"{tables.Values.Sum():N0} rows in {tables.Count} tables") : "";
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{part.Name,-40} {part.Bytes,15:N0} bytes   {rows}").TrimEnd());
        }

        foreach (string damaged in what.DamagedRuns)
        {
            output.WriteLine($"telemetry.db: {damaged}; it was so when the backup was taken, and the hub passes over it");
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{where}: {how}. It holds all that the hub had acknowledged by {what.Manifest.Began.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}."));
    }
}
