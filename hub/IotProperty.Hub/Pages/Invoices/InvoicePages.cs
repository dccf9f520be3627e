using IotProperty.Hub.Billing;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;

namespace IotProperty.Hub.Pages.Invoices;

/// <summary>Invoices: the list with the form for a new one, and one that explains itself.</summary>
internal static class InvoicePages
{
    private const int ListLength = 200;

    private static readonly PageRequest Many = new(null, PageRequest.MaxLimit);

    public static void MapInvoices(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/invoices", (HttpContext context, IBillingDesk billing, IRegistry registry, TimeProvider time) =>
            ListAsync(null, [], context, billing, registry, time)).Requires(Permission.SeeInvoices);
        pages.MapPost("/invoices", CreateAsync).Requires(Permission.ChangeBilling);
        pages.MapGet("/invoices/{id}", ShowAsync).Requires(Permission.SeeInvoices);
    }

    private static async Task<IResult> ListAsync(
        InvoiceDraft? draft, IReadOnlyList<string> problems, HttpContext context, IBillingDesk billing, IRegistry registry, TimeProvider time)
    {
        CancellationToken cancellationToken = context.RequestAborted;
        PlaceNames names = await PlaceNames.ReadAsync(registry, cancellationToken);
        IReadOnlyList<BillableUnit> units = await UnitsAsync(registry, cancellationToken);
        Page<Invoice> invoices = await billing.InvoicesAsync(null, new PageRequest(null, ListLength), cancellationToken);
        return Html.Page<InvoiceListPage>(
            new { Invoices = invoices.Items, IsCut = invoices.Next is not null, Units = units, Names = names, Draft = draft ?? LastMonth(units, names, time), Problems = problems },
            problems.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    private static InvoiceDraft LastMonth(IReadOnlyList<BillableUnit> units, PlaceNames names, TimeProvider time)
    {
        SiteTime zone = names.Time(units.Count > 0 ? units[0].Building?.Site ?? "" : "");
        long thisMonth = zone.MonthStart(time.GetUtcNow().ToUnixTimeMilliseconds());
        return new InvoiceDraft(units.Count > 0 ? units[0].Unit.Id : "", zone.Input(zone.MonthStart(thisMonth - 1)), zone.Input(thisMonth));
    }

    private static async Task<IResult> CreateAsync(HttpContext context, IBillingDesk billing, IRegistry registry, TimeProvider time)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        InvoiceDraft draft = new(form["unit"].ToString(), form["from"].ToString(), form["to"].ToString());
        PlaceNames names = await PlaceNames.ReadAsync(registry, context.RequestAborted);
        Unit? unit = await registry.FindUnitAsync(draft.Unit, context.RequestAborted);
        Building? building = unit is null ? null : await registry.FindBuildingAsync(unit.Building, context.RequestAborted);
        if (building is null)
        {
            return await ListAsync(draft, [Words.T("invoice.no-unit")], context, billing, registry, time);
        }

        SiteTime zone = names.Time(building.Site);
        if (!zone.TryReadInput(draft.From, out long fromMs) || !zone.TryReadInput(draft.To, out long toMs))
        {
            return await ListAsync(draft, [Words.T("invoice.bad-period")], context, billing, registry, time);
        }

        Result<Invoice> result = await billing.IssueAsync(draft.Unit, fromMs, toMs, context.RequestAborted);
        return result.Succeeded
            ? Html.SeeOther($"/invoices/{result.Value.Id}")
            : await ListAsync(draft, [.. result.Refusal.Reasons.Select(reason => reason.Detail)], context, billing, registry, time);
    }

    private static async Task<IResult> ShowAsync(string id, IBillingDesk billing, IRegistry registry, CancellationToken cancellationToken)
    {
        Invoice? invoice = await billing.FindInvoiceAsync(id, cancellationToken);
        if (invoice is null)
        {
            return ErrorPage.Result(StatusCodes.Status404NotFound);
        }

        Unit? unit = await registry.FindUnitAsync(invoice.Unit, cancellationToken);
        Building? building = unit is null ? null : await registry.FindBuildingAsync(unit.Building, cancellationToken);
        Dictionary<string, string> tariffs = [];
        foreach (string tariff in invoice.Lines.Select(line => line.Tariff).Distinct())
        {
            tariffs[tariff] = (await billing.FindTariffAsync(tariff, cancellationToken))?.Name ?? tariff;
        }

        PlaceNames names = await PlaceNames.ReadAsync(registry, cancellationToken);
        return Html.Page<InvoicePage>(new
        {
            Invoice = invoice,
            UnitName = unit is null ? invoice.Unit : new BillableUnit(unit, building).Name,
            Tariffs = (IReadOnlyDictionary<string, string>)tariffs,
            Names = names,
        });
    }

    private static async Task<IReadOnlyList<BillableUnit>> UnitsAsync(IRegistry registry, CancellationToken cancellationToken)
    {
        Dictionary<string, Building> buildings = (await registry.BuildingsAsync(null, Many, cancellationToken)).Items.ToDictionary(building => building.Id);
        Page<Unit> units = await registry.UnitsAsync(null, Many, cancellationToken);
        return [.. units.Items.Select(unit => new BillableUnit(unit, buildings.GetValueOrDefault(unit.Building)))];
    }
}
