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
        Command create = new("create", "Create a bearer token for the HTTP API: printed once, kept as a hash.") { role, data, config, name, expires, json };
        create.SetAction(async (parsed, cancellationToken) =>
        {
            DateTimeOffset end = ReadEnd(parsed.GetValue(expires), time);
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            OneTimeSecret token = await people.Get<ApiTokens>().CreateAsync(parsed.GetRequiredValue(name), parsed.GetRequiredValue(role), end, cancellationToken);
            string endText = end.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            await output.WriteLineAsync(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { token = token.Secret, name = token.Name, role = parsed.GetValue(role), expires = endText })
                : $"token:   {token.Secret}\nrole:    {parsed.GetValue(role)}\nexpires: {endText}\nIt is not shown again. Use it as: Authorization: Bearer TOKEN");
            return ExitCode.Ok;
        });
        return new Command("token", "Tokens for programs that use the HTTP API.") { create };
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
