namespace IotProperty.Transports;

/// <summary>The bit behind the data bits of a character.</summary>
public enum SerialParity : byte
{
    /// <summary>There is none.</summary>
    None,
    Even,
    Odd,

    /// <summary>Always 1.</summary>
    Mark,

    /// <summary>Always 0.</summary>
    Space,
}
