using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Dlt645;

namespace IotProperty.Edge.Drivers.Dlt645;

/// <summary>The items of one edition of DL/T 645; <see cref="Dlt645ItemName"/> tells how they are written.</summary>
public sealed class Dlt645Items(Dlt645Edition edition) : IProtocolItems
{
    /// <inheritdoc/>
    public ItemLookup Find(string item, string? unit)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (Dlt645ItemName.TryParse(edition, item, out string what, out string mend) is not { } name)
        {
            return new UnknownItem(what, mend);
        }

        if (!TryConvert(name, unit, out _, out string mistake))
        {
            // The sentence holds both, the mistake and behind the dash its mend.
            string[] halves = mistake.Split(" — ", 2);
            return new UnknownItem(halves[0], halves[^1]);
        }

        bool isCounter = name.Bit is null && name.Layout.Format is { Kind: Dlt645ValueKind.Number, Signed: false };
        return new KnownItem(
            name.Identifier.ToString(), unit ?? name.Unit, isCounter ? name.Layout.Format.Bytes * 2 : 0, name.Layout.Format.Decimals)
        {
            Block = name.Bit is null && Dlt645ItemTable.TryBlockOf(name.Identifier, out Dlt645Identifier block, out _) ? block.ToString() : null,
            IsFlag = name.Bit is not null,
        };
    }

    internal static bool TryConvert(Dlt645ItemName name, string? unit, out UnitConversion conversion, out string mistake)
    {
        conversion = UnitConversion.None;
        mistake = "";
        return unit is null || name.HasFreeUnit || name.Bit is not null || UnitConversion.TryFind(name.Unit, unit, out conversion, out mistake);
    }
}
