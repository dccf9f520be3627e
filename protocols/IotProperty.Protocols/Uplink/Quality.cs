namespace IotProperty.Protocols.Uplink;

/// <summary>How far a sample may be trusted. The numeric values are on the wire and in the hub's database and never change.</summary>
public enum Quality : byte
{
    /// <summary>Read from the device just now and inside the profile's range.</summary>
    Good = 0,

    /// <summary>The device did not deliver a new value within the point's maximum silence; the value is the last one known.</summary>
    Stale = 1,

    /// <summary>The device did not answer, or answered with an error; the value is the last one known, or NaN if there is none.</summary>
    CommFail = 2,

    /// <summary>The device answered with a value outside the profile's range; the value is what it said.</summary>
    OutOfRange = 3,
}
