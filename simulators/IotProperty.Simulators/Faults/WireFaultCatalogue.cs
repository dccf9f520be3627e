using IotProperty.Simulators.Buses;

namespace IotProperty.Simulators.Faults;

/// <summary>What can be wrong with the wire at any device of a serial line, and with the line itself.</summary>
public static class WireFaultCatalogue
{
    public static IEnumerable<Fault> OfDevice(WireCondition condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return
        [
            Of(condition, DeviceFaults.DeadName, "answers nothing at all", WireFault.Dead),
            Of(condition, "late", "answers 1.2 s late, long after a master has given up", WireFault.Late),
            .. OfEveryReply(condition),
            Of(condition, "wrong-unit", "answers under another device's address, with a sound checksum", WireFault.WrongUnit),
            new Fault("reboot", "starts anew: silent for 3 s, then without any memory of the conversation", condition.Reboot, Clear: null),
        ];
    }

    /// <summary>Of a device on a Modbus TCP connection: there is no rate to mistake, and TCP itself keeps single bytes from changing.</summary>
    public static IEnumerable<Fault> OfTcpDevice(WireCondition condition) => OfDevice(condition).Where(f => f.Name is not ("baud-mismatch" or "corrupted"));

    public static IEnumerable<Fault> OfLine(WireCondition condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return
        [
            Of(condition, DeviceFaults.DeadName, "the cable is cut: nothing is heard and nothing said", WireFault.Dead),
            Of(condition, "late", "every answer comes 1.2 s late", WireFault.Late),
            .. OfEveryReply(condition),
            Of(condition, "echo", "the master hears what it sends, as on a two-wire adapter that leaves its receiver on", WireFault.Echo),
            new Fault("reboot", "a power cut: every device is silent for 3 s and starts anew", condition.Reboot, Clear: null),
        ];
    }

    private static IEnumerable<Fault> OfEveryReply(WireCondition condition) =>
    [
        Of(condition, "truncated", "answers break off", WireFault.Truncated),
        Of(condition, "corrupted", "one byte of each answer arrives as another", WireFault.Corrupted),
        Of(condition, "split", "answers pause in their midst", WireFault.Split),
        Of(condition, "doubled", "answers come twice", WireFault.Doubled),
        Of(condition, "noise", "stray bytes stand before and behind each answer", WireFault.Noise),
        Of(condition, "baud-mismatch", "answers are sent at half the line's baud rate", WireFault.BaudMismatch),
    ];

    private static Fault Of(WireCondition condition, string name, string meaning, WireFault fault) =>
        new(name, meaning, () => condition.Active |= fault, () => condition.Active &= ~fault);
}
