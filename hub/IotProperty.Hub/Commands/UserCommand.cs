using System.CommandLine;
using System.Text.Json;
using IotProperty.Hub.People;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub user add</c>: a person who may log in.</summary>
internal static class UserCommand
{
    public static Command Create(TextWriter output, TimeProvider time)
    {
        Argument<string> name = new("NAME") { Description = "The login name: letters, digits and any of -._@+" };
        Option<string> role = HubOptions.Role();
        Option<string[]> site = HubOptions.Sites();
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Command add = new("add", "Add a person: prints a one-time password, which the person is asked to change.") { name, role, site, data, config, json };
        add.SetAction(async (parsed, cancellationToken) =>
        {
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            Issued issued = await people.Get<PeopleRegister>().AddAsync(parsed.GetRequiredValue(name), parsed.GetRequiredValue(role), cancellationToken, HubOptions.ReadSites(parsed.GetValue(site)));
            OneTimeSecret secret = issued.Secret ?? throw new UsageException(issued.Refusal!);
            await output.WriteLineAsync(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { user = secret.Name, role = parsed.GetValue(role), password = secret.Secret })
                : $"user:     {secret.Name}\nrole:     {parsed.GetValue(role)}\npassword: {secret.Secret}\nIt is not shown again.");
            return ExitCode.Ok;
        });
        return new Command("user", "The people who may log in.") { add };
    }
}
