using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Console;

namespace IotProperty.Hub.Hosting;

/// <summary>
/// The hub as a service of systemd: says when it is ready and when it ends (sd_notify(3)), and gives each log line its level (sd-daemon(3)). Known by the socket that systemd
/// names. <c>AddSystemd()</c> of the package looks for a parent called systemd instead, which a unit with ProtectProc= hides from it.
/// </summary>
internal static class SystemdService
{
    public static void Add(IServiceCollection services)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 0 } || OperatingSystem.IsWindows())
        {
            return;
        }

        services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        services.AddSingleton<IHostLifetime, SystemdLifetime>();
        services.Configure<ConsoleLoggerOptions>(options => options.FormatterName = ConsoleFormatterNames.Systemd);
    }
}
