using System.Globalization;
using System.Text.Json;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Commands;

/// <summary><c>iotp-edge plan</c>: what each line will ask its devices, how long that takes, and whether the wire is fast enough.</summary>
internal static class PlanCommand
{
    /// <summary>A line busier than this has no room for writes, retries and billing.</summary>
    private const double NearlyFull = 0.8;

    public static int Run(string siteFile, string? lineId, bool json, TextWriter output, TextWriter error)
    {
        SiteReadResult result = SiteFiles.Read(siteFile);
        if (result.Site is not { } site)
        {
            SiteReport.Mistakes(result.Mistakes, json, output, error);
            return EdgeCommandLine.BadInput;
        }

        LinePlan[] plans = [.. site.Lines.Where(line => lineId is null || line.Id == lineId).Select(LinePlan.Of)];
        if (plans.Length == 0)
        {
            error.WriteLine($"Site {site.Id} has no line '{lineId}'; it has: {string.Join(", ", site.Lines.Select(line => line.Id))}");
            return EdgeCommandLine.BadInput;
        }

        if (json)
        {
            output.WriteLine(SiteReport.Json(writer => WriteJson(site, plans, writer)));
        }
        else
        {
            foreach (LinePlan plan in plans)
            {
                WriteText(plan, output);
            }
        }

        foreach (LinePlan plan in plans.Where(plan => plan.Utilisation > NearlyFull))
        {
            error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Line {plan.Line.Id} would be {plan.Utilisation:P0} busy{(plan.Utilisation > 1 ? " and cannot keep these periods" : "")}: poll less often, raise the baud rate, or divide the devices over two lines"));
        }

        return EdgeCommandLine.Ok;
    }

    private static void WriteText(LinePlan plan, TextWriter output)
    {
        output.WriteLine($"line {plan.Line.Id}: {plan.Line.Transport}, {Count(plan.Line.Devices.Length, "device")}");
        foreach (DevicePlan device in plan.Devices)
        {
            output.WriteLine($"  {device.Device.Id} ({device.Device.Profile.Id}, {device.Device.Address})");
            foreach (PlannedRequest request in device.Requests)
            {
                output.WriteLine($"    {Every(request),-22} {request.Block,-28} {Times(plan.Line.Transport, request),-26} {Points(device.Device.Profile, request)}");
            }
        }

        double perMinute = plan.Devices.Sum(device => device.Requests.Sum(request => request.PeriodMs is { } period ? 60_000 / period : 0));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  together {perMinute:0.#} requests a minute; the line is {plan.Utilisation:P1} busy"));
    }

    private static string Every(PlannedRequest request) => request.Job switch
    {
        PlannedJob.Ring => "when somebody swipes",
        PlannedJob.Reading => $"bill every {Period(request)}",
        _ => $"every {Period(request)}",
    };

    private static string Period(PlannedRequest request)
    {
        double ms = request.PeriodMs.GetValueOrDefault();
        return ms switch
        {
            < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{ms:0} ms"),
            >= 3_600_000 when ms % 3_600_000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{ms / 3_600_000:0} h"),
            >= 60_000 when ms % 60_000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{ms / 60_000:0} min"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{ms / 1_000:0.###} s"),
        };
    }

    private static string Times(LineTransport transport, PlannedRequest request) => transport.Speed is null
        ? string.Create(CultureInfo.InvariantCulture, $"about {request.ExpectedMs:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"about {request.ExpectedMs:0} ms, wire {request.WireMs:0} ms");

    private static string Points(DeviceProfile profile, PlannedRequest request)
    {
        string points = string.Join(", ", request.Block.Points.Select(planned => profile.Points[planned.Index].Id));
        return request.HolesBridged == 0 ? points : $"{points} (and {request.HolesBridged} unused)";
    }

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    private static void WriteJson(SiteConfiguration site, LinePlan[] plans, Utf8JsonWriter writer)
    {
        writer.WriteString("event", "plan");
        writer.WriteString("site", site.Id);
        writer.WriteStartArray("lines");
        foreach (LinePlan plan in plans)
        {
            writer.WriteStartObject();
            writer.WriteString("id", plan.Line.Id);
            writer.WriteString("transport", plan.Line.Transport.ToString());
            writer.WriteNumber("utilisation", Math.Round(plan.Utilisation, 4));
            writer.WriteBoolean("oversubscribed", plan.Utilisation > 1);
            writer.WriteStartArray("devices");
            foreach (DevicePlan device in plan.Devices)
            {
                WriteDevice(device, writer);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteDevice(DevicePlan device, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id", device.Device.Id);
        writer.WriteString("profile", device.Device.Profile.Id);
        writer.WriteString("address", device.Device.Address.ToString());
        writer.WriteNumber("utilisation", Math.Round(device.Utilisation, 4));
        writer.WriteStartArray("requests");
        foreach (PlannedRequest request in device.Requests)
        {
            writer.WriteStartObject();
            writer.WriteString("job", request.Job.ToString().ToLowerInvariant());
            if (request.Block is RegisterBlock registers)
            {
                writer.WriteString("table", registers.Table.ToString().ToLowerInvariant());
                writer.WriteNumber("address", registers.Address);
                writer.WriteNumber("count", registers.Count);
                writer.WriteNumber("unused", request.HolesBridged);
            }
            else
            {
                writer.WriteString("item", ((ItemBlock)request.Block).Request);
            }

            writer.WriteStartArray("points");
            foreach (PlannedPoint planned in request.Block.Points)
            {
                writer.WriteStringValue(device.Device.Profile.Points[planned.Index].Id);
            }

            writer.WriteEndArray();
            if (request.PeriodMs is { } period)
            {
                writer.WriteNumber("periodMs", period);
            }

            writer.WriteNumber("wireMs", Math.Round(request.WireMs, 2));
            writer.WriteNumber("expectedMs", Math.Round(request.ExpectedMs, 2));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
