namespace IotProperty.Simulators.Scenarios;

/// <summary>The demo's site files with the ports of this run put in.</summary>
public static class DemoSite
{
    public const string Id = "riverside";
    public const string TimeZone = "Asia/Shanghai";

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
}
