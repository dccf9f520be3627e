using IotProperty.Edge.Profiles;
using IotProperty.Protocols.MBus;

namespace IotProperty.Edge.Drivers.MBus;

/// <summary>The items of M-Bus meters. A meter is always read as a whole, so all of a device's items come in one request.</summary>
public sealed class MBusItems : IProtocolItems
{
    /// <summary>The request of every item.</summary>
    public const string Readout = "readout";

    /// <inheritdoc/>
    public ItemLookup Find(string item, string? unit)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (MBusItemName.TryParse(item, out string what, out string mend) is not { } name)
        {
            return new UnknownItem(what, mend);
        }

        // What a plain-text unit is, only the meter knows.
        string[] sent = name switch
        {
            { Quantity: "" } or { Bit: not null } => [""],
            { SentUnit: { } own } => [own],
            { Quantity: "text_vif" } => unit is null ? [""] : [unit],
            _ => [.. MBusQuantities.UnitsOf(name.Quantity)],
        };
        string shown = unit ?? Usual(sent[0]);
        string why = "";
        foreach (string from in sent)
        {
            if (UnitConversion.TryFind(from, shown, out _, out string mistake))
            {
                // How many digits a register has is told by the telegram and not by the item.
                return new KnownItem(Readout, shown, 0, 0) { IsFlag = name.IsFlag };
            }

            why = why.Length == 0 ? mistake : why;
        }

        int dash = why.IndexOf(" — ", StringComparison.Ordinal);
        return dash < 0 ? new UnknownItem(why, "write another unit") : new UnknownItem(why[..dash], why[(dash + 3)..]);
    }

    /// <summary>Degrees are written C by the telegrams' decoder and degC in profiles.</summary>
    private static string Usual(string unit) => unit == "C" ? "degC" : unit;
}
