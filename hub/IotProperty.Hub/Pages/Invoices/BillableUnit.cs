using IotProperty.Hub.Registry;

namespace IotProperty.Hub.Pages.Invoices;

/// <summary>A unit that can be billed, with its building.</summary>
public sealed record BillableUnit(Unit Unit, Building? Building)
{
    /// <summary>As a list shows it.</summary>
    public string Name => Building is null ? Unit.Number : $"{Words.Of(Building.Name)} {Unit.Number}";
}

/// <summary>What the form of a new invoice holds, as its fields write it.</summary>
public sealed record InvoiceDraft(string Unit, string From, string To);
