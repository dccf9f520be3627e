using System.CommandLine;
using System.Text.Json;
using IotProperty.Hub.People;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub edge</c>; <c>add</c> lets one site's edge in. Works beside a running hub, which sees it at once.</summary>
internal static class EdgeCommand
{
    public static Command Create(TextWriter output, TimeProvider time)
    {
        Argument<string> site = new("SITE") { Description = "The site's id: 1 to 40 of a-z, 0-9 and '-'. Also the edge's MQTT client id." };
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Option<bool> renew = new("--renew") { Description = "Give a site that has an edge a new password; the old one ends at once." };
        Command add = new("add", "Let the edge of SITE in by password, where the front door allows it ('invite' is for certificates): prints its user name and password once. Only its hash is kept.") { site, data, config, renew, json };
        add.SetAction(async (parsed, cancellationToken) =>
        {
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            EdgeCredentials credentials = people.Get<EdgeCredentials>();
            Issued issued = await credentials.IssueAsync(parsed.GetRequiredValue(site), parsed.GetValue(renew), cancellationToken);
            OneTimeSecret secret = issued.Secret ?? throw new UsageException(issued.Refusal!);
            await output.WriteLineAsync(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { site = parsed.GetValue(site), clientId = parsed.GetValue(site), user = secret.Name, password = secret.Secret })
                : $"user:     {secret.Name}\npassword: {secret.Secret}\nIt is not shown again: put it into the file that passwordFile names in the edge's site.yaml.");
            return ExitCode.Ok;
        });
        return new Command("edge", "The edges that may come in.")
        {
            add,
            EdgeCertificateCommands.Invite(output, time),
            EdgeCertificateCommands.Certificates(output, time),
            EdgeCertificateCommands.Revoke(output, time),
            AuthorityCommands.RevocationList(output, time),
            AuthorityCommands.Authority(output, time),
            AuthorityCommands.ServerCertificate(output, time),
        };
    }
}
