using System.Text.Json;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Pages.Account;
using IotProperty.Hub.People;

namespace IotProperty.Hub.Hosting;

/// <summary>One run of the hub in this process: lock the folder, bring its databases up to date, serve, say where, stop in good order.</summary>
internal static class HubRun
{
    public static async Task<int> RunAsync(
        HubSettings settings, bool json, TextWriter output, TextWriter errors, TimeProvider time, CancellationToken cancellationToken)
    {
        DataFolder folder = DataFolder.Open(settings.DataFolder);
        using IDisposable taken = folder.Lock();
        HubHost host = HubHost.Build(settings, folder, time, SystemdService.Add);
        await using WebApplication application = host.Application;
        host.Prepare();
        OneTimeSecret? administrator = await host.EnsureAdministratorAsync(cancellationToken);
        FirstPasswordFile password = application.Services.GetRequiredService<FirstPasswordFile>();
        if (administrator is { } first)
        {
            // Never the password itself: under systemd this is the journal, which others may read.
            await output.WriteLineAsync(json
                ? JsonSerializer.Serialize(new { @event = "administrator-created", user = first.Name, passwordFile = password.Path })
                : $"First start. Log in as '{first.Name}' with the one-time password in {password.Path} and change it; the file goes then.");
        }
        else if (File.Exists(password.Path))
        {
            AccountLog.FirstPasswordWaits(application.Services.GetRequiredService<ILogger<PeopleRegister>>(), password.Path);
        }

        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (IOException busy)
        {
            await errors.WriteLineAsync($"{busy.Message} — free the address or give another with --http or --mqtt (port 0 chooses a free one)");
            return ExitCode.Failed;
        }

        await output.WriteLineAsync(json
            ? JsonSerializer.Serialize(new { @event = "ready", http = host.HttpEndPoint.ToString(), mqtt = host.MqttEndPoint.ToString() })
            : $"Ready. Pages and API: {host.HttpAddress}  Edges (MQTT 5): {host.MqttEndPoint}");
        await output.FlushAsync(cancellationToken);
        await host.LogAuditHeadAsync();
        await application.WaitForShutdownAsync(cancellationToken);
        await host.LogAuditHeadAsync();
        return ExitCode.Ok;
    }
}
