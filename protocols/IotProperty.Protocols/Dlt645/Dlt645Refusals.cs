namespace IotProperty.Protocols.Dlt645;

/// <summary>Why a meter refuses: the error word ERR (DL/T 645-2007, appendix C; DL/T 645-1997 has other words for the first two and none for the fourth).</summary>
[Flags]
public enum Dlt645Refusals : byte
{
    None = 0,

    /// <summary>Any other error; "illegal data" in the older edition.</summary>
    Other = 1,

    /// <summary>No data under this identifier.</summary>
    NoSuchData = 2,

    /// <summary>The password is wrong, or its level does not permit this.</summary>
    NotAuthorised = 4,

    /// <summary>The baud rate cannot be changed.</summary>
    BaudFixed = 8,

    /// <summary>Too many time zones in a year.</summary>
    YearZones = 16,

    /// <summary>Too many time slots in a day.</summary>
    DaySlots = 32,

    /// <summary>Too many tariffs.</summary>
    Tariffs = 64,
}
