using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Commands;

/// <summary><c>iotp-edge validate</c></summary>
internal static class ValidateCommand
{
    public static int Run(string siteFile, bool json, TextWriter output, TextWriter error)
    {
        SiteReadResult result = SiteFiles.Read(siteFile);
        if (result.Site is not { } site)
        {
            SiteReport.Mistakes(result.Mistakes, json, output, error);
            return EdgeCommandLine.BadInput;
        }

        int devices = site.Devices.Count();
        int points = site.Devices.Sum(device => device.Profile.Points.Length);
        output.WriteLine(json
            ? SiteReport.Json(writer =>
            {
                writer.WriteString("event", "valid");
                writer.WriteString("site", site.Id);
                writer.WriteNumber("lines", site.Lines.Length);
                writer.WriteNumber("devices", devices);
                writer.WriteNumber("points", points);
                writer.WriteNumber("alarmRules", site.Alarms.Length);
                writer.WriteNumber("credentials", site.Credentials.Length);
                writer.WriteString("profileHash", site.Hash);
            })
            : $"{siteFile} is sound: site {site.Id}, {site.Lines.Length} lines, {devices} devices, {points} points, {site.Alarms.Length} alarm rules, {site.Credentials.Length} credentials");
        return EdgeCommandLine.Ok;
    }
}
