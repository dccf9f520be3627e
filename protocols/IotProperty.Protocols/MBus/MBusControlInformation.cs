namespace IotProperty.Protocols.MBus;

/// <summary>The CI field (EN 13757-3, §5): what the rest of a long frame is.</summary>
public static class MBusControlInformation
{
    /// <summary>Application reset, with or without a sub code.</summary>
    public const byte ApplicationReset = 0x50;

    /// <summary>Data records for the meter.</summary>
    public const byte DataSend = 0x51;

    /// <summary>Selection of a meter by its secondary address.</summary>
    public const byte SelectMeter = 0x52;

    /// <summary>The meter reports an application error.</summary>
    public const byte ApplicationError = 0x70;

    /// <summary>The meter's alarm status.</summary>
    public const byte AlarmStatus = 0x71;

    /// <summary>Variable data structure behind the long header of 12 bytes.</summary>
    public const byte VariableLongHeader = 0x72;

    /// <summary>Fixed data structure: two counters.</summary>
    public const byte FixedStructure = 0x73;

    /// <summary>As <see cref="VariableLongHeader"/>, most significant byte first; obsolete.</summary>
    public const byte VariableLongHeaderHighFirst = 0x76;

    /// <summary>As <see cref="FixedStructure"/>, most significant byte first; obsolete.</summary>
    public const byte FixedStructureHighFirst = 0x77;

    /// <summary>Variable data structure without a header.</summary>
    public const byte VariableNoHeader = 0x78;

    /// <summary>Variable data structure behind the short header of 4 bytes.</summary>
    public const byte VariableShortHeader = 0x7A;

    /// <summary>Sets 300 baud; each next CI doubles, up to <see cref="SetBaudLast"/>.</summary>
    public const byte SetBaudFirst = 0xB8;

    /// <summary>Sets 38400 baud.</summary>
    public const byte SetBaudLast = 0xBF;

    private const int SlowestBaud = 300;

    /// <summary>The rate that a set-baud CI asks for; 0 for any other CI.</summary>
    public static int Baud(byte controlInformation) => controlInformation switch
    {
        // 300, 600, 1200, 2400, 4800, 9600, 19200, 38400.
        >= SetBaudFirst and <= SetBaudLast => SlowestBaud << (controlInformation - SetBaudFirst),
        _ => 0,
    };

    /// <summary>The CI that sets a rate, or null where M-Bus has no such rate.</summary>
    public static byte? SetBaud(int baud)
    {
        for (byte ci = SetBaudFirst; ci <= SetBaudLast; ci++)
        {
            if (Baud(ci) == baud)
            {
                return ci;
            }
        }

        return null;
    }
}
