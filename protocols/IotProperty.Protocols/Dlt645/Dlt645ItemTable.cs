namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// What the standard's identifiers mean: DL/T 645-2007, appendix A with the supplement for smart meters (relay, prepayment), and DL/T 645-1997,
/// appendix A. Identifiers of makers are not in it.
/// </summary>
public static class Dlt645ItemTable
{
    /// <summary>FF in place of an identifier's byte asks for the whole row of values.</summary>
    internal const byte Block = 0xFF;

    /// <summary>Null for an identifier that the standard does not give a meaning.</summary>
    public static Dlt645Item? Find(Dlt645Identifier identifier) =>
        identifier.Edition == Dlt645Edition.Y1997 ? Dlt645Items1997.Find(identifier) : identifier.Di3 switch
        {
            0x00 => Dlt645EnergyItems.Energy(identifier) ?? Dlt645ParameterItems.Find(identifier),
            0x01 => Dlt645EnergyItems.Demand(identifier),
            0x02 => Dlt645VariableItems.Find(identifier),
            0x03 => Dlt645EventItems.Find(identifier),
            0x05 => Dlt645FreezeItems.Find(identifier),
            _ => Dlt645ParameterItems.Find(identifier),
        };

    /// <summary>The block that brings a value together with its neighbours, and its place in there; false where there is none that every meter has alike.</summary>
    public static bool TryBlockOf(Dlt645Identifier identifier, out Dlt645Identifier block, out int index)
    {
        index = 0;
        block = identifier;
        if (Find(identifier) is not { IsBlock: false } item)
        {
            return false;
        }

        if (identifier.Edition == Dlt645Edition.Y1997)
        {
            // The low half of DI0 counts; F in it is the block (DL/T 645-1997, §6.1). Only rows of equal layout are joined.
            block = identifier with { Value = identifier.Value | 0x0F };
            index = identifier.Di0 & 0x0F;
        }
        else
        {
            block = identifier with { Value = identifier.Value | 0xFF00 };
            index = identifier.Di1;
        }

        if (Find(block) is not { IsBlock: true } row || row.Format != item.Format || row.Unit != item.Unit)
        {
            return false;
        }

        // Voltages, currents and angles have no total, so that their row begins with phase A.
        index -= FirstOf(block);
        return index >= 0 && index < row.BlockLength;
    }

    private static int FirstOf(Dlt645Identifier block) => block.Edition == Dlt645Edition.Y1997
        ? (block.Di1 == 0xB6 && block.Di0 is 0x1F or 0x2F ? 1 : 0)
        : (block.Di3 == 0x02 && block.Di2 is 0x01 or 0x02 or 0x07 or 0x08 or 0x09 ? 1 : 0);
}
