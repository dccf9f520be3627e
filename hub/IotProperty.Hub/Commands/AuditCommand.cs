using System.CommandLine;
using System.Text.Json;
using IotProperty.Hub.Api.Audit;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Live;
using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub audit</c>: reads the audit log and checks its chain. Works beside a running hub, and changes nothing.</summary>
internal static class AuditCommand
{
    private const string AboutVerify = """
        Follow the whole chain of the audit log and say where it breaks first: an entry that was changed, is missing, was moved or was put in, or an end
        that was cut off.

        Prints the head, SEQUENCE:HASH. Keep it elsewhere (the hub logs it at every start and stop): whoever can write to the database could cut off the
        end together with the ledger's own note of it, and only a head from elsewhere, given with --head, finds that out.

        Exit codes: 0 the chain is whole; 1 it could not be read; 2 wrong usage; 3 it is broken, and the first entry that is wrong is named.
        """;

    private static readonly JsonSerializerOptions Json = Api.Json.ApiJson.Create();

    public static Command Create(TextWriter output, TimeProvider time) => new("audit", "The log of who did what: entries chained by hash.") { Verify(output, time), Show(output, time) };

    private static Command Verify(TextWriter output, TimeProvider time)
    {
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Option<string?> head = new("--head") { Description = "A head that was kept elsewhere: it must still be in the chain.", HelpName = "HASH|SEQUENCE:HASH" };
        Command verify = new("verify", AboutVerify) { data, config, head, json };
        verify.SetAction(async (parsed, cancellationToken) =>
        {
            string? anchor = ReadHead(parsed.GetValue(head));
            await using ServiceProvider hub = Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            AuditVerdict verdict = await hub.GetRequiredService<AuditDesk>().VerifyAsync(anchor, cancellationToken);
            if (parsed.GetValue(json))
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(
                    new { whole = verdict.Break is null, verified = verdict.Verified, head = verdict.Head.ToString(), broken = verdict.Break?.Sequence, what = verdict.Break?.What }));
            }
            else
            {
                await output.WriteLineAsync(verdict.Break is { } broken
                    ? $"BROKEN at entry {broken.Sequence}: {broken.What}.\nThe {verdict.Verified} entries before it are as they were written."
                    : $"whole: {verdict.Verified} entries\nhead:  {verdict.Head}");
            }

            return verdict.Break is null ? ExitCode.Ok : ExitCode.AuditBroken;
        });
        return verify;
    }

    private static Command Show(TextWriter output, TimeProvider time)
    {
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Option<string?> actor = new("--actor") { Description = "Only what this one did.", HelpName = "NAME" };
        Option<string?> action = new("--action") { Description = $"Only this: {string.Join(", ", AuditAction.All)}.", HelpName = "ACTION" };
        action.AcceptOnlyFromAmong([.. AuditAction.All]);
        Option<string?> site = new("--site") { Description = "Only of this site.", HelpName = "SITE" };
        Option<string?> id = new("--object") { Description = "Only of the object with this id.", HelpName = "ID" };
        Option<int> limit = new("--limit") { Description = "At most so many entries.", HelpName = "N", DefaultValueFactory = _ => 100 };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--limit: must be 1 or more");
            }
        });
        Command show = new("show", "Print entries, newest first.") { data, config, actor, action, site, id, limit, json };
        show.SetAction(async (parsed, cancellationToken) =>
        {
            AuditQuery query = new(parsed.GetValue(actor), parsed.GetValue(action), parsed.GetValue(site), parsed.GetValue(id));
            await using ServiceProvider hub = Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            AuditDesk desk = hub.GetRequiredService<AuditDesk>();
            string? cursor = null;
            int left = parsed.GetValue(limit);
            do
            {
                Page<AuditEntry> page = await desk.ListAsync(query, new PageRequest(cursor, Math.Min(left, PageRequest.MaxLimit)), cancellationToken);
                foreach (AuditEntry entry in page.Items)
                {
                    await output.WriteLineAsync(parsed.GetValue(json) ? JsonSerializer.Serialize(AuditEntryView.Of(entry), Json) : Line(entry));
                }

                left -= page.Items.Count;
                cursor = page.Next;
            }
            while (cursor is not null && left > 0);
            return ExitCode.Ok;
        });
        return show;
    }

    private static string Line(AuditEntry entry)
    {
        string actor = entry.Actor.Length > 0 ? entry.Actor : entry.ActorKind.ToString();
        string place = entry.Site.Length > 0 ? $" at {entry.Site}" : "";
        string origin = entry.Origin.Length > 0 ? $" from {entry.Origin}" : "";
        string outcome = entry.Outcome == AuditOutcome.Refused ? " REFUSED" : "";
        string detail = entry.Detail.Length > 0 ? $" ({entry.Detail})" : "";
        return $"{entry.Sequence,8} {UtcText.Of(entry.AtMs)} {actor}{origin}: {entry.Action} {entry.ObjectKind} {entry.ObjectId}{place}{outcome}{detail}".TrimEnd();
    }

    private static string? ReadHead(string? text)
    {
        if (text is null)
        {
            return null;
        }

        string hash = text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        return hash.Length == AuditChain.Start.Length && hash.All(char.IsAsciiHexDigit)
            ? hash
            : throw new UsageException($"--head {text}: must be the 64 hexadecimal digits of an entry's hash, or SEQUENCE:HASH as 'audit verify' prints it");
    }

    private static ServiceProvider Open(string dataFolder, string? configurationFile, TimeProvider time)
    {
        if (!Directory.Exists(dataFolder))
        {
            throw new UsageException($"--data {dataFolder}: there is no such folder — give the data folder of the hub");
        }

        HubConfiguration configuration = HubConfiguration.Load(configurationFile, dataFolder);
        ServiceProvider hub = new ServiceCollection()
            .AddSingleton(time)
            .AddSingleton<ILiveFeed, LiveFeed>()
            .AddLedgerDatabase(configuration.Ledger, DataFolder.Open(dataFolder))
            .AddSingleton<Ledger>()
            .AddSingleton<AuditDesk>()
            .BuildServiceProvider();
        hub.GetRequiredService<LedgerDatabase>().Prepare();
        return hub;
    }
}
