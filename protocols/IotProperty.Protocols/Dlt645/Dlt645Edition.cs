namespace IotProperty.Protocols.Dlt645;

/// <summary>Which edition of the standard a meter speaks. The frames are the same; control codes and identifiers are not.</summary>
public enum Dlt645Edition : byte
{
    /// <summary>DL/T 645-2007: identifiers of four bytes.</summary>
    Y2007,

    /// <summary>DL/T 645-1997: identifiers of two bytes.</summary>
    Y1997,
}
