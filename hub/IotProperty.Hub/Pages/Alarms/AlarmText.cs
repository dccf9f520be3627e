using IotProperty.Hub.Alarms;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Alarms;

/// <summary>An alarm in words.</summary>
internal static class AlarmText
{
    /// <summary>Whether somebody has to see it.</summary>
    public static bool Waits(Alarm alarm) => alarm.State is AlarmState.ActiveUnacknowledged or AlarmState.ReturnedUnacknowledged;

    /// <summary>The level to be shown: how grave it is, or was before it returned.</summary>
    public static AlarmLevel Shown(Alarm alarm) => alarm.Level == AlarmLevel.Normal ? alarm.HighestLevel : alarm.Level;

    public static string Value(Alarm alarm, PlaceNames names)
    {
        string unit = names.Point(alarm.Site, new PointRef(alarm.Device, alarm.Point))?.Unit ?? "";
        return Value(alarm.Cause, alarm.Value, alarm.Limit, unit);
    }

    public static string Value(AlarmCause cause, double? value, double? limit, string unit)
    {
        if (cause != AlarmCause.Limit)
        {
            return Words.T("cause", cause);
        }

        string shown = value is { } v && double.IsFinite(v) ? Show.Quantity(v, unit) : "–";
        return limit is { } l && double.IsFinite(l) ? Words.T("alarm.value-limit", shown, Show.Quantity(l, unit)) : shown;
    }
}
