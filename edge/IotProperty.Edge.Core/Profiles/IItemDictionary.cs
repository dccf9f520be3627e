namespace IotProperty.Edge.Profiles;

/// <summary>Knows the data items of the meter protocols. The reader of profiles asks it, so that a mistyped item fails at the start and not on the wire.</summary>
public interface IItemDictionary
{
    /// <summary>Looks an item up.</summary>
    /// <param name="protocol">The profile's protocol; never Modbus, whose points are registers.</param>
    /// <param name="item">As written in the profile.</param>
    /// <param name="unit">The unit that the profile names; null when it names none. Values come in this unit, so an item that cannot be brought into it is a mistake.</param>
    ItemLookup Find(FieldProtocol protocol, string item, string? unit);
}

/// <summary>What the dictionary says.</summary>
public abstract record ItemLookup;

/// <param name="Request">Items with the same request come in one exchange.</param>
/// <param name="Unit">The unit in which values come: the profile's, or the item's own when the profile names none.</param>
/// <param name="Digits">How many decimal digits the register has before it wraps to zero; 0 when it is binary or unknown.</param>
/// <param name="Decimals">How many of them are behind the point, in the protocol's own unit.</param>
public sealed record KnownItem(string Request, string Unit, int Digits, int Decimals) : ItemLookup
{
    /// <summary>A request that brings this item together with others; null when there is none.</summary>
    public string? Block { get; init; }

    /// <summary>Whether the value is only 0 or 1.</summary>
    public bool IsFlag { get; init; }
}

/// <param name="What">What is wrong with the item, without its place.</param>
/// <param name="Mend">What to write instead.</param>
public sealed record UnknownItem(string What, string Mend) : ItemLookup;
