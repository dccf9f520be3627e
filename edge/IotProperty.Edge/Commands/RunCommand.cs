using System.Net;
using IotProperty.Edge.Control;
using IotProperty.Edge.Hosting;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Profiles;
using IotProperty.Tracing;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Commands;

/// <summary><c>iotp-edge run</c></summary>
internal static class RunCommand
{
    public static async Task<int> RunAsync(string siteFile, string dataFolder, bool json, TextWriter output, TextWriter error)
    {
        SiteReadResult result = SiteFiles.Read(siteFile);
        if (result.Site is not { } site)
        {
            SiteReport.Mistakes(result.Mistakes, json, output, error);
            return EdgeCommandLine.BadInput;
        }

        try
        {
            Directory.CreateDirectory(dataFolder);
            using InstanceLock? instance = InstanceLock.TryTake(dataFolder, $"iotp-edge of site {site.Id}", out string why);
            if (instance is null)
            {
                await error.WriteLineAsync(why);
                return EdgeCommandLine.Failed;
            }

            return await RunAsync(siteFile, site, dataFolder, json, output, error);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or OutboxUnavailableException)
        {
            await error.WriteLineAsync($"The edge cannot use {dataFolder}: {e.Message}");
            return EdgeCommandLine.Failed;
        }
    }

    private static async Task<int> RunAsync(string siteFile, SiteConfiguration site, string dataFolder, bool json, TextWriter output, TextWriter error)
    {
        TimeProvider time = TimeProvider.System;
        EdgeClock clock = new(time, ClockTrust.IsSynchronised);
        using LoggerFactory loggers = new([ConsoleLog.To(error, time)]);
        using SystemdNotifier systemd = new(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), Environment.GetEnvironmentVariable("WATCHDOG_USEC"));
        using StopSignals signals = new();
        using UplinkSecrets secrets = SiteFiles.ReadUplinkSecrets(siteFile, site, time, loggers);
        CommandTrust trust = SiteFiles.ReadCommandTrust(siteFile, site, secrets);
        await using EdgeDaemon daemon = await EdgeDaemon.OpenAsync(site, secrets, trust, dataFolder, clock, loggers, systemd);
        using TraceExport? traces = EdgeTraceExport.Start(siteFile, site, daemon.Epoch, loggers);
        daemon.Traces = traces?.Counters;
        bool wellRun = await daemon.RunAsync(health => Announce(site, health, json, output), signals.Token);
        return wellRun ? EdgeCommandLine.Ok : EdgeCommandLine.Failed;
    }

    private static void Announce(SiteConfiguration site, IPEndPoint? health, bool json, TextWriter output)
    {
        output.WriteLine(json
            ? SiteReport.Json(writer =>
            {
                writer.WriteString("event", "ready");
                writer.WriteString("site", site.Id);
                writer.WriteString("health", health?.ToString());
            })
            : $"The edge of site {site.Id} runs{(health is null ? "" : $"; health at http://{health}/healthz")}");
        output.Flush();
    }
}
