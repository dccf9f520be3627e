namespace IotProperty.Protocols.Cjt188;

/// <summary>What a frame does: bits 5 to 0 of the control code (CJ/T 188-2004, §6.3.4).</summary>
public enum Cjt188Function : byte
{
    ReadData = 0x01,
    ReadAddress = 0x03,
    WriteData = 0x04,
    ReadKeyVersion = 0x09,
    WriteAddress = 0x15,

    /// <summary>Sets the electronic counter to what the mechanical one shows.</summary>
    WriteBase = 0x16,
}

/// <summary>The bits of the control code around the function.</summary>
public static class Cjt188Control
{
    /// <summary>D7: the meter speaks.</summary>
    public const byte FromMeter = 0x80;

    /// <summary>D6: the meter reports an error.</summary>
    public const byte Error = 0x40;

    private const byte FunctionMask = 0x3F;

    public static Cjt188Function Function(byte control) => (Cjt188Function)(control & FunctionMask);

    public static byte Reply(Cjt188Function function) => (byte)(FromMeter | (byte)function);

    public static byte ErrorReply(Cjt188Function function) => (byte)(FromMeter | Error | (byte)function);
}
