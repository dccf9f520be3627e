namespace IotProperty.Protocols.MBus;

/// <summary>What a meter can say with CI 70 (EN 13757-3, §10).</summary>
public static class MBusApplicationError
{
    /// <summary>For people.</summary>
    /// <param name="code">The byte behind CI; null where the meter sent none.</param>
    public static string Text(byte? code) => code switch
    {
        null or 0 => "unspecified",
        1 => "unimplemented CI",
        2 => "buffer too long",
        3 => "too many records",
        4 => "premature end of record",
        5 => "more than 10 DIFEs",
        6 => "more than 10 VIFEs",
        8 => "application busy",
        9 => "too many readouts",
        _ => "reserved",
    };
}
