namespace IotProperty.Protocols.Dlt645;

/// <summary>What a frame is about, whichever edition's code it carries.</summary>
public enum Dlt645Function : byte
{
    Unknown,
    ReadData,
    ReadFollowing,

    /// <summary>The same part of the answer once more; only in DL/T 645-1997.</summary>
    ReadAgain,
    ReadAddress,
    WriteData,
    WriteAddress,
    BroadcastTime,
    Freeze,
    ChangeBaud,
    ChangePassword,
    ClearDemand,
    ClearMeter,
    ClearEvents,

    /// <summary>Opening and closing the relay, alarm, keep-power; from the smart meters' supplement of DL/T 645-2007 on.</summary>
    RelayControl,

    /// <summary>What the multi-function output terminal shows.</summary>
    SelectOutput,
}

/// <summary>The functions' codes: DL/T 645-2007, table 3 and the supplement for smart meters; DL/T 645-1997, §5.2.4.</summary>
public static class Dlt645Functions
{
    private static readonly (Dlt645Edition Edition, byte Code, Dlt645Function Function)[] Codes =
    [
        (Dlt645Edition.Y2007, 0x08, Dlt645Function.BroadcastTime),
        (Dlt645Edition.Y2007, 0x11, Dlt645Function.ReadData),
        (Dlt645Edition.Y2007, 0x12, Dlt645Function.ReadFollowing),
        (Dlt645Edition.Y2007, 0x13, Dlt645Function.ReadAddress),
        (Dlt645Edition.Y2007, 0x14, Dlt645Function.WriteData),
        (Dlt645Edition.Y2007, 0x15, Dlt645Function.WriteAddress),
        (Dlt645Edition.Y2007, 0x16, Dlt645Function.Freeze),
        (Dlt645Edition.Y2007, 0x17, Dlt645Function.ChangeBaud),
        (Dlt645Edition.Y2007, 0x18, Dlt645Function.ChangePassword),
        (Dlt645Edition.Y2007, 0x19, Dlt645Function.ClearDemand),
        (Dlt645Edition.Y2007, 0x1A, Dlt645Function.ClearMeter),
        (Dlt645Edition.Y2007, 0x1B, Dlt645Function.ClearEvents),
        (Dlt645Edition.Y2007, 0x1C, Dlt645Function.RelayControl),
        (Dlt645Edition.Y2007, 0x1D, Dlt645Function.SelectOutput),
        (Dlt645Edition.Y1997, 0x01, Dlt645Function.ReadData),
        (Dlt645Edition.Y1997, 0x02, Dlt645Function.ReadFollowing),
        (Dlt645Edition.Y1997, 0x03, Dlt645Function.ReadAgain),
        (Dlt645Edition.Y1997, 0x04, Dlt645Function.WriteData),
        (Dlt645Edition.Y1997, 0x08, Dlt645Function.BroadcastTime),
        (Dlt645Edition.Y1997, 0x0A, Dlt645Function.WriteAddress),
        (Dlt645Edition.Y1997, 0x0C, Dlt645Function.ChangeBaud),
        (Dlt645Edition.Y1997, 0x0F, Dlt645Function.ChangePassword),
        (Dlt645Edition.Y1997, 0x10, Dlt645Function.ClearDemand),
    ];

    /// <summary>Throws where the edition has no such function: no frame could ask for it.</summary>
    public static byte Code(Dlt645Edition edition, Dlt645Function function)
    {
        foreach ((Dlt645Edition Edition, byte Code, Dlt645Function Function) row in Codes)
        {
            if (row.Edition == edition && row.Function == function)
            {
                return row.Code;
            }
        }

        throw new ArgumentException($"{edition} has no function {function}", nameof(function));
    }

    public static Dlt645Function Of(Dlt645Edition edition, byte code)
    {
        foreach ((Dlt645Edition Edition, byte Code, Dlt645Function Function) row in Codes)
        {
            if (row.Edition == edition && row.Code == code)
            {
                return row.Function;
            }
        }

        return Dlt645Function.Unknown;
    }

    /// <summary>
    /// The edition that a frame belongs to, as far as its code tells: only broadcast time (08) has the same code and data in both, and is taken for the
    /// newer edition's.
    /// </summary>
    public static Dlt645Edition EditionOf(byte code) =>
        Of(Dlt645Edition.Y2007, code) == Dlt645Function.Unknown && Of(Dlt645Edition.Y1997, code) != Dlt645Function.Unknown
            ? Dlt645Edition.Y1997
            : Dlt645Edition.Y2007;
}
