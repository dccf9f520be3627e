namespace IotProperty.Protocols.MBus;

/// <summary>The C field (EN 13757-2, §5.7.2): who speaks, which function, and the frame count bit that tells a repeated request from a new one.</summary>
public static class MBusControl
{
    /// <summary>SND_NKE: normalises the link; the next request starts afresh.</summary>
    public const byte Normalise = 0x40;

    /// <summary>SND_UD: user data to the meter. Valid with and without the frame count bit.</summary>
    public const byte SendUserData = 0x53;

    /// <summary>REQ_UD1: asks for alarm data (class 1).</summary>
    public const byte RequestAlarm = 0x5A;

    /// <summary>REQ_UD2: asks for user data (class 2).</summary>
    public const byte RequestData = 0x5B;

    /// <summary>REQ_SKR: asks for the link's status.</summary>
    public const byte RequestStatus = 0x49;

    /// <summary>RSP_UD: user data from the meter; bits 4 (DFC) and 5 (ACD) may be set beside it.</summary>
    public const byte Respond = 0x08;

    /// <summary>FCB: toggles with every new request, stays with a repeated one.</summary>
    public const byte FrameCountBit = 0x20;

    /// <summary>FCV: the frame count bit counts.</summary>
    public const byte FrameCountValid = 0x10;

    /// <summary>PRM: set from master to meter.</summary>
    private const byte FromMaster = 0x40;

    private const byte FunctionBits = 0x0F;

    public static bool IsFromMaster(byte control) => (control & FromMaster) != 0;

    /// <summary>A meter's user data, whatever it says of its flow control.</summary>
    public static bool IsResponse(byte control) => !IsFromMaster(control) && (control & FunctionBits) == (Respond & FunctionBits);

    /// <summary>The function without the frame count bit, for a frame from the master.</summary>
    public static byte WithoutCount(byte control) => (byte)(control & ~FrameCountBit);

    /// <summary>Whether the frame count bit means anything: FCV is set, in a request.</summary>
    public static bool Counts(byte control) => IsFromMaster(control) && (control & FrameCountValid) != 0;

    public static bool CountBit(byte control) => (control & FrameCountBit) != 0;

    public static byte With(byte control, bool countBit) => (byte)(countBit ? control | FrameCountBit : control & ~FrameCountBit);
}
