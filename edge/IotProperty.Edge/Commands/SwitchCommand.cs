using System.Collections.Frozen;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Drivers.Control;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Commands;

/// <summary>
/// <c>iotp-edge switch</c>: the relay or valve of one meter, by hand. Tells what it will do, does it only with <c>--yes</c>, and says what the meter shows
/// afterwards. Never beside a running edge: the line's lock says who has it.
/// </summary>
internal static class SwitchCommand
{
    private static readonly FrozenDictionary<string, SwitchPosition> ByName = new Dictionary<string, SwitchPosition>
    {
        ["open"] = SwitchPosition.Open,
        ["close"] = SwitchPosition.Close,
        ["permit-close"] = SwitchPosition.PermitClose,
    }.ToFrozenDictionary();

    /// <summary>As written on the command line.</summary>
    public static IEnumerable<string> Positions => ByName.Keys.Order(StringComparer.Ordinal);

    public static async Task<int> RunAsync(
        string siteFile, string deviceId, string position, bool yes, TextWriter output, TextWriter error, CancellationToken stop)
    {
        SiteReadResult result = SiteFiles.Read(siteFile);
        if (result.Site is not { } site)
        {
            SiteReport.Mistakes(result.Mistakes, json: false, output, error);
            return EdgeCommandLine.BadInput;
        }

        LineConfiguration? line = site.Lines.FirstOrDefault(candidate => candidate.Devices.Any(member => member.Id == deviceId));
        if (line is null)
        {
            await error.WriteLineAsync($"there is no device '{deviceId}' on site {site.Id} — {Suggestion.Mend(deviceId, [.. site.Devices.Select(member => member.Id)])}");
            return EdgeCommandLine.BadInput;
        }

        SwitchPosition wanted = ByName[position];
        DeviceConfiguration device = line.Devices.First(member => member.Id == deviceId);
        IControlAction? action = new ControlActions(TimeProvider.System).Find(device.Profile.Protocol);
        string? bar = action is null ? $"device '{deviceId}' speaks {FieldProtocols.Name(device.Profile.Protocol)}, which has no relay or valve that this edge switches" : action.WhyNot(device, wanted);
        if (action is null || bar is not null)
        {
            await error.WriteLineAsync(bar);
            return EdgeCommandLine.BadInput;
        }

        string password = "";
        if (device.Control?.PasswordFile is { } file)
        {
            if (SiteFiles.ReadSecret(siteFile, file, out string problem) is not { } secret)
            {
                await error.WriteLineAsync($"the password of device '{deviceId}' cannot be read: {problem}");
                return EdgeCommandLine.BadInput;
            }

            password = secret;
        }

        await output.WriteLineAsync(action.Describe(device, wanted));
        if (!yes)
        {
            await output.WriteLineAsync("Nothing was done. Say --yes to do it.");
            return EdgeCommandLine.BadInput;
        }

        DateTime local = TimeZoneInfo.ConvertTime(TimeProvider.System.GetUtcNow(), site.TimeZone).DateTime;
        return await SwitchAsync(line, device, action, new ControlOrder(wanted, password, local), output, error, stop);
    }

    private static async Task<int> SwitchAsync(
        LineConfiguration line, DeviceConfiguration device, IControlAction action, ControlOrder order, TextWriter output, TextWriter error, CancellationToken stop)
    {
        using BusPort port = new(line.Transport, TimeProvider.System);
        BusLineOptions options = port.Options(line.Id, TimeSpan.FromMilliseconds(line.TimeoutMs));
        await using BusLine bus = new(options, port.OpenAsync, TimeProvider.System, new Random(0), NullLogger<BusLine>.Instance);
        try
        {
            OrderEnd end = await action.SwitchAsync(bus, device, order, stop);
            await (end.IsDone ? output : error).WriteLineAsync($"{(end.IsDone ? "Done" : "Not done")}: {end.Detail}");
            return end.IsDone ? EdgeCommandLine.Ok : EdgeCommandLine.Failed;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await error.WriteLineAsync("Interrupted: the order may have been given. Read the device's state before anyone relies on it.");
            return EdgeCommandLine.Failed;
        }
    }
}
