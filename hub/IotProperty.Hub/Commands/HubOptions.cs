using System.CommandLine;

namespace IotProperty.Hub.Commands;

/// <summary>Options that several commands share.</summary>
internal static class HubOptions
{
    public static Option<string> Data() => new("--data")
    {
        Description = "The hub's data folder; made when it is not there.",
        HelpName = "DIR",
        Required = true,
    };

    public static Option<string?> Config() => new("--config")
    {
        Description = "The hub's configuration (YAML); left out: hub.yaml in the data folder, if it is there. Without one the hub is embedded.",
        HelpName = "FILE",
    };

    public static Option<bool> Json() => new("--json")
    {
        Description = "Write one JSON object a line to standard output.",
    };

    public static Option<string[]> Sites() => new("--site")
    {
        Description = "Only at this site; may be given several times. Left out: at every site.",
        HelpName = "SITE",
    };

    /// <exception cref="UsageException">A text is no site's id.</exception>
    public static string[] ReadSites(string[]? sites) => (sites ?? []).FirstOrDefault(site => !People.EdgeCredentials.IsSiteId(site)) is { } wrong
        ? throw new UsageException($"--site {wrong}: not a site id — 1 to 40 of a-z, 0-9 and '-'")
        : sites ?? [];

    public static Option<string> Role()
    {
        Option<string> role = new("--role")
        {
            Description = "What it may do.",
            HelpName = string.Join('|', People.Roles.All),
            Required = true,
        };
        role.AcceptOnlyFromAmong([.. People.Roles.All]);
        return role;
    }
}
