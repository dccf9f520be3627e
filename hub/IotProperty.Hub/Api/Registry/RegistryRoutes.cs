using IotProperty.Hub.Hosting;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using Microsoft.AspNetCore.Mvc;

namespace IotProperty.Hub.Api.Registry;

/// <summary>Sites, edges, buildings, units, occupants and the equipment ledger.</summary>
internal static class RegistryRoutes
{
    public static void MapRegistry(this RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("registry");
        MapSites(group);
        group.MapGet("/buildings", async (string? site, [AsParameters] Paging paging, IRegistry registry, CancellationToken cancellationToken) =>
            await registry.BuildingsAsync(site, paging.Request, cancellationToken)).Requires(Permission.SeeRegistry).WithSummary("Buildings, of one site or of all.");
        group.MapPost("/buildings", async ([FromBody] Building building, IRegistry registry, CancellationToken cancellationToken) =>
            ApiResults.Created(await registry.AddAsync(building, cancellationToken), added => $"/api/v1/buildings/{added.Id}"))
            .Requires(Permission.ChangeRegistry).Produces<Building>(201).WithSummary("Add a building.");
        group.MapGet("/buildings/{id}", async (string id, IRegistry registry, CancellationToken cancellationToken) =>
            ApiResults.Found(await registry.FindBuildingAsync(id, cancellationToken), "building", id)).Requires(Permission.SeeRegistry).Produces<Building>().WithSummary("One building.");

        group.MapGet("/units", async (string? building, [AsParameters] Paging paging, IRegistry registry, CancellationToken cancellationToken) =>
            await registry.UnitsAsync(building, paging.Request, cancellationToken)).Requires(Permission.SeeRegistry).WithSummary("Units, of one building or of all.");
        group.MapPost("/units", async ([FromBody] Unit unit, IRegistry registry, CancellationToken cancellationToken) =>
            ApiResults.Created(await registry.AddAsync(unit, cancellationToken), added => $"/api/v1/units/{added.Id}"))
            .Requires(Permission.ChangeRegistry).Produces<Unit>(201).WithSummary("Add a unit.");
        group.MapGet("/units/{id}", async (string id, IRegistry registry, CancellationToken cancellationToken) =>
            ApiResults.Found(await registry.FindUnitAsync(id, cancellationToken), "unit", id)).Requires(Permission.SeeRegistry).Produces<Unit>().WithSummary("One unit.");

        group.MapGet("/occupants", async (string? unit, [AsParameters] Paging paging, IRegistry registry, CancellationToken cancellationToken) =>
            await registry.OccupantsAsync(unit, paging.Request, cancellationToken)).Requires(Permission.SeeResidents).WithSummary("Owners and occupants, of one unit or of all, masked.");
        group.MapPost("/occupants/{id}/show", async (string id, IRegistry registry, CancellationToken cancellationToken) =>
            ApiResults.Ok(await registry.ShowOccupantAsync(id, cancellationToken)))
            .Requires(Permission.SeeResidents).Produces<Occupant>().WithSummary("One owner or occupant unmasked; the audit log tells of it.");
        group.MapPost("/occupants/search", async ([FromBody] OccupantSearch search, IRegistry registry, CancellationToken cancellationToken) =>
            ApiResults.Ok(await registry.FindOccupantsAsync(search.Text, cancellationToken)))
            .Requires(Permission.SeeResidents).WithMetadata(new RouteRateMetadata(RouteRate.ResidentSearch)).Produces<Page<Occupant>>().WithSummary("Owners and occupants of this whole name or telephone number, masked; the audit log tells of the search.");
        group.MapPost("/occupants", async ([FromBody] Occupant occupant, IRegistry registry, CancellationToken cancellationToken) =>
            ApiResults.Created(await registry.AddAsync(occupant, cancellationToken), added => $"/api/v1/occupants?unit={added.Unit}"))
            .Requires(Permission.ChangeRegistry).Produces<Occupant>(201).WithSummary("Add an owner or occupant.");

        group.MapGet("/assets", async (string? site, [AsParameters] Paging paging, IRegistry registry, CancellationToken cancellationToken) =>
            await registry.AssetsAsync(site, paging.Request, cancellationToken)).Requires(Permission.SeeMaintenance).WithSummary("The equipment ledger.");
        group.MapPost("/assets", async ([FromBody] Asset asset, IRegistry registry, CancellationToken cancellationToken) =>
            ApiResults.Created(await registry.AddAsync(asset, cancellationToken), added => $"/api/v1/assets/{added.Id}"))
            .Requires(Permission.ChangeMaintenance).Produces<Asset>(201).WithSummary("Add an asset.");
        group.MapGet("/assets/{id}", async (string id, IRegistry registry, CancellationToken cancellationToken) =>
            ApiResults.Found(await registry.FindAssetAsync(id, cancellationToken), "asset", id)).Requires(Permission.SeeMaintenance).Produces<Asset>().WithSummary("One asset.");
    }

    private static void MapSites(RouteGroupBuilder group)
    {
        group.MapGet("/sites", async (IRegistry registry, CancellationToken cancellationToken) =>
            new Page<Site>(await registry.SitesAsync(cancellationToken), null)).Requires(Permission.LoggedIn).WithSummary("The sites.");
        group.MapGet("/sites/{site}/overview", async (string site, Overview.OverviewReader overview, CancellationToken cancellationToken) =>
            ApiResults.Found(await overview.ReadAsync(site, cancellationToken), "site", site))
            .Requires(Permission.WatchBuilding).Produces<Overview.SiteOverview>().WithSummary("The site's devices with their newest values, its edge's health, and how many alarms want attention.");
        group.MapGet("/edges", async (IRegistry registry, CancellationToken cancellationToken) =>
            new Page<EdgeRecord>(await registry.EdgesAsync(cancellationToken), null)).Requires(Permission.WatchBuilding).WithSummary("What is known of every edge.");
    }
}

/// <summary>Whom to look for. In a body and not in an address, which logs and histories keep.</summary>
internal sealed record OccupantSearch
{
    /// <summary>A whole name or telephone number.</summary>
    public required string Text { get; init; }
}
