using System.Collections.Immutable;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads <c>commands</c>: what the hub may order.</summary>
internal sealed class CommandsReader(Dictionary<string, (SourcePosition At, DeviceConfiguration? Device)> devices)
{
    private const string Synchronised = "synchronised";
    private const string Any = "any";

    /// <param name="site">The whole file.</param>
    /// <param name="uplink">Null when it holds a mistake.</param>
    /// <param name="sources">What the shell found beside the file.</param>
    public CommandsConfiguration? Read(MappingReader site, UplinkConfiguration? uplink, SiteSources sources)
    {
        MappingReader? commands = site.Mapping("commands", "'commands'");
        if (commands is null)
        {
            return null;
        }

        ImmutableArray<string> unlock = ReadDevices(commands, "unlock", MayUnlock);
        ImmutableArray<string> change = ReadDevices(commands, "switch", MaySwitch);
        string? authority = commands.Text("authorityFile");
        if (authority is not null && sources.CommandAuthorityProblem.Length > 0)
        {
            commands.AddAt("authorityFile", sources.CommandAuthorityProblem, "write into this file what `iotp-hub edge authority --out FILE` wrote");
        }

        if (authority is null && uplink is not (null or MqttUplinkConfiguration { IdentityFolder: not null }))
        {
            commands.Add(commands.Node.At, "'commands' does not say by what the hub's commands are known", "write authorityFile: the file that `iotp-hub edge authority --out FILE` wrote, or enrol the edge with `iotp-edge enroll`");
        }

        string? clock = commands.Text("clock");
        if (clock is not (null or Synchronised or Any))
        {
            commands.AddAt("clock", $"'clock' is '{MappingReader.Bounded(clock)}'", $"write {Synchronised} (an edge that does not know the time refuses commands) or {Any} (it carries them out, and one may be late)");
        }

        commands.Finish();
        return new CommandsConfiguration(unlock, change, authority, clock == Any);
    }

    private ImmutableArray<string> ReadDevices(MappingReader commands, string key, Func<DeviceConfiguration, (string Mistake, string Mend)?> whyNot)
    {
        ImmutableArray<string>.Builder read = ImmutableArray.CreateBuilder<string>();
        foreach (YamlNode item in commands.Items(key))
        {
            if (item is not YamlScalar { Text.Length: > 0 } name)
            {
                commands.Add(item.At, $"'{key}' must name devices", "write the device's id");
            }
            else if (!devices.TryGetValue(name.Text, out (SourcePosition At, DeviceConfiguration? Device) entry))
            {
                string[] candidates = [.. devices.Where(device => device.Value.Device is { } known && whyNot(known) is null).Select(device => device.Key)];
                commands.Add(item.At, $"there is no device '{MappingReader.Bounded(name.Text)}'", Suggestion.Mend(name.Text, candidates));
            }
            else if (entry.Device is { } device && whyNot(device) is var (mistake, mend))
            {
                commands.Add(item.At, mistake, mend);
            }
            else if (read.Contains(name.Text))
            {
                commands.Add(item.At, $"'{name.Text}' is named twice", "leave one of the two out");
            }
            else
            {
                read.Add(name.Text);
            }
        }

        return read.ToImmutable();
    }

    private static (string, string)? MayUnlock(DeviceConfiguration device) => device.Profile.Access is not null
        ? null
        : ($"device '{device.Id}' is a {DeviceKinds.Name(device.Profile.Kind)} without an 'access' part in its profile", "name a door or gate");

    private static (string, string)? MaySwitch(DeviceConfiguration device) => device switch
    {
        { Profile.Control: { Relay: false, Valve: false } } => ($"profile '{device.Profile.Id}' of device '{device.Id}' does not allow to switch anything", "allow it in the profile with control: { relay: true } or { valve: true }, or name another meter"),
        { Control: null } => ($"nobody may switch device '{device.Id}'", "write control: { operatorCode: \"…\" } at the device, and passwordFile where the protocol has one"),
        _ => null,
    };
}
