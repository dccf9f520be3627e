using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using IotProperty.Hub.People;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub token create</c>: a bearer token for a program.</summary>
internal static class TokenCommand
{
    public static Command Create(TextWriter output, TimeProvider time)
    {
        Option<string> role = HubOptions.Role();
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Option<string> name = new("--name") { Description = "What the token is for; shown where its holder acted.", HelpName = "TEXT", DefaultValueFactory = _ => "token" };
        Option<string?> expires = new("--expires") { Description = "When it ends (2027-01-31 or 2027-01-31T12:00:00Z, UTC); left out: in 90 days.", HelpName = "TIME" };
        Option<string[]> site = HubOptions.Sites();
        Option<string[]> permission = new("--permission") { Description = $"Only this of what the role holds; may be given several times: {string.Join(", ", Enum.GetNames<Permission>())}.", HelpName = "NAME" };
        permission.AcceptOnlyFromAmong(Enum.GetNames<Permission>());
        Option<string?> owner = new("--owner") { Description = "The person whose token it is: it ends with them, or when they lose the role. Left out: nobody's.", HelpName = "USER" };
        Option<bool> readOnly = new("--read-only") { Description = "Only what changes nothing." };
        Command create = new("create", "Create a bearer token for the HTTP API: printed once, kept as a hash.") { role, site, permission, readOnly, owner, data, config, name, expires, json };
        create.SetAction(async (parsed, cancellationToken) =>
        {
            DateTimeOffset end = ReadEnd(parsed.GetValue(expires), time);
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            Issued issued = await people.Get<ApiTokens>().CreateAsync(parsed.GetRequiredValue(name), parsed.GetRequiredValue(role), end, parsed.GetValue(owner),
                HubOptions.ReadSites(parsed.GetValue(site)), ReadPermissions(parsed.GetRequiredValue(role), parsed.GetValue(permission) ?? [], parsed.GetValue(readOnly)), cancellationToken);
            OneTimeSecret token = issued.Secret ?? throw new UsageException(issued.Refusal!);
            string endText = end.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            await output.WriteLineAsync(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { token = token.Secret, name = token.Name, role = parsed.GetValue(role), expires = endText })
                : $"token:   {token.Secret}\nrole:    {parsed.GetValue(role)}\nexpires: {endText}\nIt is not shown again. Use it as: Authorization: Bearer TOKEN");
            return ExitCode.Ok;
        });
        return new Command("token", "Tokens for programs that use the HTTP API.") { create, List(output, time), Revoke(output, time) };
    }

    private static Command List(TextWriter output, TimeProvider time)
    {
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Command list = new("list", "List all tokens, the newest first: never the tokens themselves.") { data, config, json };
        list.SetAction(async (parsed, cancellationToken) =>
        {
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (ApiToken token in await people.Get<ApiTokens>().ListAsync(cancellationToken))
            {
                string state = token.RevokedMs is not null ? "revoked" : token.IsValid(nowMs) ? "valid" : "expired";
                string expires = UtcText.Of(token.ExpiresMs);
                string? used = token.LastUsedMs is { } last ? UtcText.Of(last) : null;
                await output.WriteLineAsync(parsed.GetValue(json)
                    ? JsonSerializer.Serialize(new { id = token.Id, name = token.Name, role = token.Role, sites = token.Sites, permissions = token.Permissions, owner = token.Owner, state, expires, lastUsed = used })
                    : $"{token.Id}  {state,-7}  {token.Role} at {token.Sites}{(token.Permissions.Length > 0 ? $" ({token.Permissions})" : "")}  until {expires}  last used {used ?? "never"}  {token.Name}{(token.Owner.Length > 0 ? $" of {token.Owner}" : "")}");
            }

            return ExitCode.Ok;
        });
        return list;
    }

    private static Command Revoke(TextWriter output, TimeProvider time)
    {
        Argument<string> id = new("ID") { Description = "The token's id, as 'token list' shows it." };
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Command revoke = new("revoke", "End a token at once.") { id, data, config };
        revoke.SetAction(async (parsed, cancellationToken) =>
        {
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            if (!await people.Get<ApiTokens>().RevokeAsync(parsed.GetRequiredValue(id), cancellationToken))
            {
                throw new UsageException($"{parsed.GetRequiredValue(id)}: no token of this id is in force — 'token list' shows them");
            }

            await output.WriteLineAsync("revoked");
            return ExitCode.Ok;
        });
        return revoke;
    }

    private static Permission[] ReadPermissions(string role, string[] named, bool readOnly)
    {
        Permission[] held = [.. Enum.GetValues<Permission>().Where(permission => Permissions.RolesOf(permission).Contains(role))];
        Permission[] wanted = named.Length > 0 ? [.. named.Select(Enum.Parse<Permission>)] : held;
        if (wanted.Except(held).ToArray() is { Length: > 0 } beyond)
        {
            throw new UsageException($"--permission {beyond[0]}: the role {role} does not hold it — give another role, or leave it out");
        }

        Permission[] left = readOnly ? [.. wanted.Intersect(Permissions.ReadOnly)] : wanted;
        return left.Length > 0
            ? named.Length > 0 || readOnly ? left : []
            : throw new UsageException("--read-only: nothing is left of the permissions that were named — name one that changes nothing");
    }

    private static DateTimeOffset ReadEnd(string? text, TimeProvider time)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (text is null)
        {
            return now.AddDays(90);
        }

        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset end))
        {
            throw new UsageException($"--expires {text}: not a time — write 2027-01-31 or 2027-01-31T12:00:00Z");
        }

        return end > now ? end : throw new UsageException($"--expires {text}: that is over — give a time to come");
    }
}
