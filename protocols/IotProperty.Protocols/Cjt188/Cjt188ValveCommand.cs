namespace IotProperty.Protocols.Cjt188;

/// <summary>What is written to A017. Open and close are the standard's; the others are makers' additions.</summary>
public enum Cjt188ValveCommand : byte
{
    /// <summary>Changes nothing; some meters answer with the valve's state.</summary>
    Query = 0x00,
    Open = 0x55,
    OpenAutomatically = 0x66,
    CloseAutomatically = 0x77,
    Close = 0x99,
}
