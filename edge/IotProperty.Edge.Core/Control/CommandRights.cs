using System.Collections.Frozen;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Control;

/// <summary>What the site lets its hub order. The hub may be as sure of itself as it likes: what the site's file does not name is refused. Immutable.</summary>
public sealed class CommandRights
{
    private readonly FrozenDictionary<string, DeviceCommands> _devices;

    public CommandRights(SiteConfiguration site)
    {
        ArgumentNullException.ThrowIfNull(site);
        _devices = site.Devices.ToFrozenDictionary(device => device.Id, device => Of(site, device));
    }

    /// <summary>What may be ordered of a device of the site.</summary>
    public static DeviceCommands Of(SiteConfiguration site, DeviceConfiguration device)
    {
        ArgumentNullException.ThrowIfNull(site);
        ArgumentNullException.ThrowIfNull(device);
        if (site.Commands is not { } commands)
        {
            return DeviceCommands.None;
        }

        DeviceCommands unlock = commands.Unlock.Contains(device.Id) ? DeviceCommands.Unlock : DeviceCommands.None;
        return !commands.Switch.Contains(device.Id) ? unlock
            : unlock | (device.Profile.Control.Relay ? DeviceCommands.SwitchRelay : DeviceCommands.None) | (device.Profile.Control.Valve ? DeviceCommands.SwitchValve : DeviceCommands.None);
    }

    /// <summary>Null when the site allows it; otherwise why not and what to write, for people.</summary>
    public string? WhyNot(CommandAction action)
    {
        ArgumentNullException.ThrowIfNull(action);
        if (!_devices.TryGetValue(action.Device, out DeviceCommands allowed))
        {
            return "there is no such device on this site";
        }

        (DeviceCommands wanted, string key) = action switch
        {
            UnlockAction => (DeviceCommands.Unlock, "unlock"),
            SwitchAction => (DeviceCommands.SwitchRelay | DeviceCommands.SwitchValve, "switch"),
            _ => throw new ArgumentOutOfRangeException(nameof(action), action, "not an action that this edge knows"),
        };
        return (allowed & wanted) != 0 ? null : $"the site does not let it be ordered of this device — write commands: {{ {key}: [ {action.Device} ] }} in the site file";
    }
}
