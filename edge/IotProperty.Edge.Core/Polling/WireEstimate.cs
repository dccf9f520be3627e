using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Polling;

/// <summary>
/// How long a request will take, from the lengths of the protocols' frames and the line's speed. An estimate for people: how quickly a device answers, it tells
/// only in operation, and an M-Bus meter chooses itself how much it sends.
/// </summary>
public static class WireEstimate
{
    /// <summary>What request and answer take on the wire. Milliseconds; 0 where the wire is no limit.</summary>
    public static double WireMs(LineTransport transport, DeviceProfile profile, ReadBlock block)
    {
        ArgumentNullException.ThrowIfNull(transport);
        return transport.Speed is { } speed ? speed.MsFor(Bytes(profile, block)) : 0;
    }

    /// <summary>The silence in front of a request and the time until a usual device answers. Milliseconds.</summary>
    public static double WaitMs(LineTransport transport, DeviceProfile profile)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(profile);
        if (transport.Speed is not { } speed)
        {
            return profile.Protocol == FieldProtocol.Onboard ? 0 : 2;
        }

        double silenceMs = profile.Protocol switch
        {
            // MODBUS over Serial Line V1.02, 2.5.1.1: 3.5 characters, fixed 1.75 ms above 19200 baud.
            FieldProtocol.Modbus => speed.Baud > 19_200 ? 1.75 : speed.MsFor(3.5),
            // EN 13757-2, 5.5: 11 bit times.
            FieldProtocol.MBus => 11_000.0 / speed.Baud,
            _ => 20,
        };
        double answerMs = profile.Protocol switch
        {
            FieldProtocol.Modbus => 5,
            // EN 13757-2, 5.5: 11 bit times at least, 330 and 50 ms at most.
            FieldProtocol.MBus => 50,
            // DL/T 645-2007, 5.4: 20 ms at least, 500 at most.
            _ => 40,
        };
        return Math.Max(silenceMs, profile.Quirks.MinGapMs) + answerMs;
    }

    private static int Bytes(DeviceProfile profile, ReadBlock block)
    {
        ArgumentNullException.ThrowIfNull(profile);
        switch (profile.Protocol)
        {
            case FieldProtocol.Modbus when block is RegisterBlock registers:
                // Unit, function, address, count and CRC; unit, function, length, data and CRC.
                return 8 + 5 + (registers.IsBits ? (registers.Count + 7) / 8 : registers.Count * 2);
            case FieldProtocol.Dlt645Y2007 or FieldProtocol.Dlt645Y1997:
                int identifier = profile.Protocol == FieldProtocol.Dlt645Y2007 ? 4 : 2;
                int values = block.Points.Sum(planned => Math.Max(2, (((ItemPlace)profile.Points[planned.Index].Place).Digits + 1) / 2));
                return (2 * ((profile.Quirks.WakeUpBytes ?? 4) + 12 + identifier)) + values;
            case FieldProtocol.Cjt188:
                // A request of three bytes, and the 22 of water and gas or the 46 of a heat meter.
                return (2 * ((profile.Quirks.WakeUpBytes ?? 3) + 13)) + 3 + (profile.Kind == DeviceKind.HeatMeter ? 46 : 22);
            case FieldProtocol.MBus:
                // A short frame; a long one with its header, and records of some eight bytes, of which meters send a dozen whether they are wanted or not.
                return 5 + 21 + (8 * Math.Max(12, block.Points.Length));
            default:
                return 0;
        }
    }
}
