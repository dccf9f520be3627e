namespace IotProperty.Hub.Alarms;

/// <summary>The life cycle of an alarm as ISA-18.2 names its states. The numeric values are in the database and never change.</summary>
public enum AlarmState : byte
{
    /// <summary>Returned and acknowledged: nothing is left to do.</summary>
    Normal = 0,
    ActiveUnacknowledged = 1,
    ActiveAcknowledged = 2,

    /// <summary>The process is back to normal, but nobody has seen the alarm yet.</summary>
    ReturnedUnacknowledged = 3,
}
