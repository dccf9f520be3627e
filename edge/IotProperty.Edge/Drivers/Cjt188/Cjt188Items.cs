using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Drivers.Cjt188;

/// <summary>The items of CJ/T 188; <see cref="Cjt188ItemName"/> tells how they are written.</summary>
public sealed class Cjt188Items : IProtocolItems
{
    /// <inheritdoc/>
    public ItemLookup Find(string item, string? unit)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (Cjt188ItemName.TryParse(item, out string what, out string mend) is not { } name)
        {
            return new UnknownItem(what, mend);
        }

        // The meter says its unit only when it answers; by then it is one of the same quantity.
        if (unit is not null && !name.HasFreeUnit && !UnitConversion.TryFind(name.Unit, unit, out _, out string mistake))
        {
            // The sentence holds both, the mistake and behind the dash its mend.
            string[] halves = mistake.Split(" — ", 2);
            return new UnknownItem(halves[0], halves[^1]);
        }

        return new KnownItem(name.Request, unit ?? name.Unit, name.CounterDigits, name.Flag is null ? name.Sample.Decimals : 0) { IsFlag = name.Flag is not null };
    }
}
