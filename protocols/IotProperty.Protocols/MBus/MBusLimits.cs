namespace IotProperty.Protocols.MBus;

/// <summary>The bounds of EN 13757-2 and EN 13757-3.</summary>
public static class MBusLimits
{
    /// <summary>68 L L 68, 255 counted bytes, checksum, 16 (EN 13757-2, §5.5).</summary>
    public const int MaxFrameBytes = 261;

    /// <summary>What L may count beside C, A and CI: 255 - 3.</summary>
    public const int MaxDataBytes = 252;

    /// <summary>DIFE and VIFE each (EN 13757-3, §6.3.1 and §6.4.1).</summary>
    public const int MaxExtensions = 10;

    /// <summary>The highest address a meter can have of its own; 0 is a meter that was never given one.</summary>
    public const byte MaxPrimaryAddress = 250;

    /// <summary>Reaches the meter that was selected by its secondary address.</summary>
    public const byte SelectedAddress = 253;

    /// <summary>Reaches every meter, and every meter answers: of use where there is only one.</summary>
    public const byte AnyAddress = 254;

    /// <summary>Reaches every meter, and none answers.</summary>
    public const byte BroadcastAddress = 255;

    /// <summary>Whether one meter answers at this address: 0 to 250, 253 and 254.</summary>
    public static bool IsAnswered(byte address) => address is <= MaxPrimaryAddress or SelectedAddress or AnyAddress;
}
