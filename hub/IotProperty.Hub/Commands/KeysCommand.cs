using System.CommandLine;
using System.Text.Json;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Live;
using IotProperty.Hub.Registry.Personal;
using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub keys rotate</c>: a new key for personal data. Works beside a running hub.</summary>
internal static class KeysCommand
{
    private const string About = """
        Make a new key for names, telephone and ID numbers and encrypt all of them with it.

        The file (personal.keys in the data folder, or what personalKeyFile in hub.yaml names) keeps the earlier keys, because backups from their time
        need them. Hubs on the same ledger with files of their own need the new file: copy it there. Broken off, the hub's next start goes on.
        """;

    public static Command Create(TextWriter output, TimeProvider time)
    {
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Command rotate = new("rotate", About) { data, config, json };
        rotate.SetAction(async (parsed, cancellationToken) =>
        {
            string folder = parsed.GetRequiredValue(data);
            if (!Directory.Exists(folder))
            {
                throw new UsageException($"--data {folder}: there is no such folder — give the data folder of the hub");
            }

            Acting.As(new Actor(ActorKind.Command, Environment.UserName, "command line"));
            HubConfiguration configuration = HubConfiguration.Load(parsed.GetValue(config), folder);
            await using ServiceProvider hub = new ServiceCollection()
                .AddSingleton(time)
                .AddSingleton<ILiveFeed, LiveFeed>()
                .AddLedgerDatabase(configuration.Ledger, DataFolder.Open(folder))
                .AddSingleton<Ledger>()
                .AddPersonalData(configuration.PersonalKeyFile, DataFolder.Open(folder))
                .BuildServiceProvider();
            hub.GetRequiredService<LedgerDatabase>().Prepare();
            PersonalVault vault = hub.GetRequiredService<PersonalVault>();
            await vault.StartAsync(cancellationToken);
            (PersonalKey key, int occupants) = await vault.RotateAsync(cancellationToken);
            await output.WriteLineAsync(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { key = key.Id, file = hub.GetRequiredService<PersonalKeys>().File, occupants })
                : $"key {key.Id} is current; {occupants} occupants were encrypted anew. Back up {hub.GetRequiredService<PersonalKeys>().File} apart from the database.");
            return ExitCode.Ok;
        });
        return new Command("keys", "The keys of personal data.") { rotate };
    }
}
