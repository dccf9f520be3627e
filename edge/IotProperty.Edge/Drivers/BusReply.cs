namespace IotProperty.Edge.Drivers;

/// <summary>How an exchange on a bus ended.</summary>
public enum BusOutcome : byte
{
    /// <summary>The session holds the whole answer; a broadcast is out and the devices had their time.</summary>
    Answered,

    /// <summary>The device refused; the session knows what.</summary>
    Refused,

    /// <summary>The device answered something else than what was asked.</summary>
    Mismatch,

    /// <summary>Nobody answered in time.</summary>
    NoAnswer,

    /// <summary>Bytes came and were no answer: the line is disturbed, or set to another speed than the device.</summary>
    Noise,

    /// <summary>The line itself is down.</summary>
    LineDown,
}

/// <param name="Detail">For people; empty when all is well.</param>
public readonly record struct BusReply(BusOutcome Outcome, string Detail);
