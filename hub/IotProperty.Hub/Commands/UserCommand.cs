using System.CommandLine;
using System.Text.Json;
using IotProperty.Hub.People;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub user</c>: the people who may log in. Works beside a running hub, which sees it at the next request.</summary>
internal static class UserCommand
{
    public static Command Create(TextWriter output, TimeProvider time) => new("user", "The people who may log in.")
    {
        Add(output, time),
        List(output, time),
        Remove(output, time),
        ResetPassword(output, time),
        Unlock(output, time),
        Grant(output, time),
        Revoke(output, time),
    };

    private static Command Add(TextWriter output, TimeProvider time)
    {
        Argument<string> name = new("NAME") { Description = "The login name: letters, digits and any of -._@+" };
        Option<string> role = HubOptions.Role();
        Option<string[]> site = HubOptions.Sites();
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Command add = new("add", "Add a person: prints a one-time password, which the person must change at the first login.") { name, role, site, data, config, json };
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
        return add;
    }

    private static Command List(TextWriter output, TimeProvider time)
    {
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Command list = new("list", "List everybody by name: roles and where, until when they are locked out, and when password or roles last changed.") { data, config, json };
        list.SetAction(async (parsed, cancellationToken) =>
        {
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            foreach (PersonRecord person in await people.Get<PeopleRegister>().ListAsync(cancellationToken))
            {
                string? lockedOut = person.LockedOutUntil is { } until ? UtcText.Of(until.ToUnixTimeMilliseconds()) : null;
                string? changed = person.ChangedMs is { } ms ? UtcText.Of(ms) : null;
                await output.WriteLineAsync(parsed.GetValue(json)
                    ? JsonSerializer.Serialize(new
                    {
                        user = person.Name,
                        roles = person.Grants.Select(g => new { role = g.Role, site = g.Site }),
                        lockedOutUntil = lockedOut,
                        oneTimePassword = person.HasOneTimePassword,
                        changed,
                    })
                    : $"{person.Name}  {RolesOf(person)}  changed {changed ?? "long ago"}{(person.HasOneTimePassword ? "  one-time password" : "")}{(lockedOut is null ? "" : $"  locked out until {lockedOut}")}");
            }

            return ExitCode.Ok;
        });
        return list;
    }

    private static Command ResetPassword(TextWriter output, TimeProvider time)
    {
        Argument<string> name = Name();
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Command reset = new(
            "reset-password", "Give a person a one-time password, printed once, which they must change at the next login. Their logins end, and a lockout; their tokens stay.")
        {
            name, data, config, json,
        };
        reset.SetAction(async (parsed, cancellationToken) =>
        {
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            Issued issued = await people.Get<PeopleRegister>().ResetPasswordAsync(parsed.GetRequiredValue(name), cancellationToken);
            OneTimeSecret secret = issued.Secret ?? throw new UsageException(issued.Refusal!);
            await output.WriteLineAsync(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { user = secret.Name, password = secret.Secret })
                : $"user:     {secret.Name}\npassword: {secret.Secret}\nIt is not shown again.");
            return ExitCode.Ok;
        });
        return reset;
    }

    private static Command Remove(TextWriter output, TimeProvider time) => Change(
        "remove", "Take a person out: their logins and tokens end; what they did keeps their name.", "removed", output, time,
        (people, person, cancellationToken) => people.Get<PeopleRegister>().RemoveAsync(person, cancellationToken));

    private static Command Unlock(TextWriter output, TimeProvider time) => Change(
        "unlock", "Let a person try again who is locked out after wrong passwords.", "unlocked", output, time,
        (people, person, cancellationToken) => people.Get<PeopleRegister>().UnlockAsync(person, cancellationToken));

    private static Command Grant(TextWriter output, TimeProvider time) => ChangeRole(
        "grant", "Give a person a further role, at every site or at some. It counts within a minute in open logins.", "granted", output, time,
        (people, person, role, sites, cancellationToken) => people.Get<RoleGrants>().GrantAsync(person, role, sites, cancellationToken));

    private static Command Revoke(TextWriter output, TimeProvider time) => ChangeRole(
        "revoke", "Take a role back, at every site or at some. The person's logins end, and tokens of theirs that were made from it.", "revoked", output, time,
        (people, person, role, sites, cancellationToken) => people.Get<RoleGrants>().RevokeAsync(person, role, sites, cancellationToken));

    private static Command ChangeRole(
        string verb, string about, string done, TextWriter output, TimeProvider time, Func<PeopleScope, string, string, IReadOnlyList<string>, CancellationToken, Task<string?>> change)
    {
        Option<string> role = HubOptions.Role();
        Option<string[]> site = HubOptions.Sites();
        Argument<string> name = Name();
        return Change(
            verb, about, done, output, time, name, [role, site],
            (parsed, people, person, cancellationToken) =>
                change(people, person, parsed.GetRequiredValue(role), HubOptions.ReadSites(parsed.GetValue(site)), cancellationToken));
    }

    private static Command Change(
        string verb, string about, string done, TextWriter output, TimeProvider time, Func<PeopleScope, string, CancellationToken, Task<string?>> change) =>
        Change(verb, about, done, output, time, Name(), [], (_, people, person, cancellationToken) => change(people, person, cancellationToken));

    /// <summary>A command that says what was done, or why it was not.</summary>
    private static Command Change(
        string verb, string about, string done, TextWriter output, TimeProvider time, Argument<string> name, Option[] options,
        Func<ParseResult, PeopleScope, string, CancellationToken, Task<string?>> change)
    {
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Command command = new(verb, about) { name, data, config };
        foreach (Option option in options)
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            if (await change(parsed, people, parsed.GetRequiredValue(name), cancellationToken) is { } refusal)
            {
                throw new UsageException(refusal);
            }

            await output.WriteLineAsync(done);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Argument<string> Name() => new("NAME") { Description = "The login name, as 'user list' shows it." };

    private static string RolesOf(PersonRecord person) => person.Grants.Count == 0
        ? "no role"
        : string.Join("; ", person.Grants
            .GroupBy(g => g.Role)
            .Select(role => $"{role.Key} at {(role.Any(g => g.Site == RoleGrant.EverySite) ? "every site" : string.Join(" ", role.Select(g => g.Site)))}"));
}
