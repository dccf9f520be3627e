namespace IotProperty.Simulators.Scenarios;

/// <summary>The demo's site files with the ports of this run put in.</summary>
public static class DemoSite
{
    public const string Id = "riverside";
    public const string TimeZone = "Asia/Shanghai";

    /// <summary>Beside the site file: by whom the hub's commands are known.</summary>
    public const string AuthorityFile = "hub-authority.pem";

    /// <summary>The whole points of UTC+8 that the scenario needs: Beijing has had no other offset since 1991.</summary>
    public static readonly TimeSpan UtcOffset = TimeSpan.FromHours(8);

    /// <summary>Puts ports into the text of <c>site.yaml</c>; throws <see cref="ScenarioException"/> when a port that should be there is not.</summary>
    /// <param name="serialPorts">The folder of the serial ports.</param>
    public static string WithPorts(string site, int plant, int meters, int access, string serialPorts, int mqtt)
    {
        ArgumentNullException.ThrowIfNull(site);
        foreach ((string from, string to) in new[]
        {
            ("port: 15020", $"port: {plant}"),
            ("port: 15021", $"port: {meters}"),
            ("port: 15022", $"port: {access}"),
            ("port: /tmp/iotp-sim/tty-", $"port: {serialPorts}/tty-"),
            ("port: 1883", $"port: {mqtt}"),
            ("listen: \"127.0.0.1:9180\"", "listen: \"127.0.0.1:0\""),
        })
        {
            site = site.Contains(from, StringComparison.Ordinal)
                ? site.Replace(from, to, StringComparison.Ordinal)
                : throw new ScenarioException($"the demo's site.yaml holds no '{from}'");
        }

        return site;
    }

    /// <summary>
    /// The site's text with what the hub may order: doors and gates. The demo runs where often nobody keeps the clock, and hub and edge share one, so it is believed.
    /// </summary>
    public static string WithCommands(string site) => $"{site}commands: {{ unlock: [ door-1, gate-1 ], authorityFile: {AuthorityFile}, clock: any }}\n";

    /// <summary>Writes a site folder that an edge can run from: the demo's site and credentials, and the password that <c>iotp-hub edge add</c> gave.</summary>
    /// <param name="from">Holds <c>site.yaml</c> and <c>credentials.yaml</c>.</param>
    /// <param name="to">Made when it is not there.</param>
    /// <param name="user">The edge's user name at the hub.</param>
    /// <param name="adapt">Puts the ports of the run into the site's text.</param>
    /// <returns>The path of the site file.</returns>
    public static async Task<string> WriteAsync(string from, string to, string user, string password, Func<string, string> adapt, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(adapt);
        Directory.CreateDirectory(to);
        string site = adapt(await File.ReadAllTextAsync(Path.Combine(from, "site.yaml"), cancellationToken))
            .Replace($"user: {Id},", $"user: {user},", StringComparison.Ordinal);
        string path = Path.Combine(to, "site.yaml");
        await File.WriteAllTextAsync(path, site, cancellationToken);
        File.Copy(Path.Combine(from, "credentials.yaml"), Path.Combine(to, "credentials.yaml"), overwrite: true);
        string passwordFile = Path.Combine(to, "edge.password");
        await File.WriteAllTextAsync(passwordFile, password + "\n", cancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(passwordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return path;
    }
}
