using IotProperty.Hub.Hosting;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;

namespace IotProperty.Hub.Pages.Residents;

/// <summary>Who owns the units or lives in them: masked, and one by one as they are when somebody asks, which the audit log tells.</summary>
internal static class ResidentPages
{
    private const int ListLength = 100;

    private static readonly PageRequest Many = new(null, PageRequest.MaxLimit);

    public static void MapResidents(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/residents", ListAsync).Requires(Permission.SeeResidents);
        pages.MapPost("/residents/search", SearchAsync).Requires(Permission.SeeResidents).WithMetadata(new RouteRateMetadata(RouteRate.ResidentSearch));
        pages.MapPost("/residents/{id}/show", ShowAsync).Requires(Permission.SeeResidents);

        // What a form brought forth has no address: a change of language, or the address bar, leads back to the list.
        foreach (string answer in (string[])["/residents/search", "/residents/{id}/show"])
        {
            pages.MapGet(answer, () => Html.SeeOther("/residents")).Requires(Permission.SeeResidents);
        }
    }

    private static async Task<IResult> ListAsync(string? unit, string? after, IRegistry registry, CancellationToken cancellationToken)
    {
        Page<Occupant> page = await registry.OccupantsAsync(string.IsNullOrEmpty(unit) ? null : unit, new PageRequest(after, ListLength), cancellationToken);
        IReadOnlyDictionary<string, string> units = await UnitNamesAsync(registry, cancellationToken);
        string? next = page.Next is null ? null : "/residents" + QueryString.Create(
            new Dictionary<string, string?> { ["unit"] = unit, ["after"] = page.Next }.Where(part => !string.IsNullOrEmpty(part.Value)));
        return Html.Page<ResidentListPage>(new { Residents = page.Items, Units = units, Unit = unit ?? "", Next = next, IsFirst = string.IsNullOrEmpty(after) });
    }

    /// <summary>By form, so that no name stands in an address, which logs and histories keep.</summary>
    private static async Task<IResult> SearchAsync(HttpContext context, IRegistry registry)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        string text = form["text"].ToString().Trim();
        Result<Page<Occupant>> found = await registry.FindOccupantsAsync(text, context.RequestAborted);
        IReadOnlyDictionary<string, string> units = await UnitNamesAsync(registry, context.RequestAborted);
        return found.Succeeded
            ? Html.Page<ResidentListPage>(new { Residents = found.Value.Items, Units = units, Sought = text })
            : Html.Page<ResidentListPage>(new { Residents = Array.Empty<Occupant>(), Units = units, Sought = text, Problem = Words.T("residents.no-text") }, StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<IResult> ShowAsync(string id, IRegistry registry, CancellationToken cancellationToken)
    {
        Result<Occupant> shown = await registry.ShowOccupantAsync(id, cancellationToken);
        return shown.Succeeded
            ? Html.Page<ResidentPage>(new { Resident = shown.Value, Units = await UnitNamesAsync(registry, cancellationToken) })
            : ErrorPage.Result(StatusCodes.Status404NotFound);
    }

    private static async Task<IReadOnlyDictionary<string, string>> UnitNamesAsync(IRegistry registry, CancellationToken cancellationToken)
    {
        Dictionary<string, Building> buildings = (await registry.BuildingsAsync(null, Many, cancellationToken)).Items.ToDictionary(building => building.Id);
        Page<Unit> units = await registry.UnitsAsync(null, Many, cancellationToken);
        return units.Items.ToDictionary(
            unit => unit.Id, unit => buildings.TryGetValue(unit.Building, out Building? building) ? $"{Words.Of(building.Name)} {unit.Number}" : unit.Number);
    }
}
