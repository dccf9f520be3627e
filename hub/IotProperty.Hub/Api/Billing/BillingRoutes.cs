using IotProperty.Hub.Api.Json;
using IotProperty.Hub.Billing;
using IotProperty.Hub.People;
using Microsoft.AspNetCore.Mvc;

namespace IotProperty.Hub.Api.Billing;

/// <summary>Service points, meters, readings, tariffs and invoices.</summary>
internal static class BillingRoutes
{
    public static void MapBilling(this RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("billing");
        MapMeters(group);
        MapTariffs(group);
        MapInvoices(group);
    }

    private static void MapMeters(RouteGroupBuilder group)
    {
        group.MapGet("/service-points", async (string? unit, [AsParameters] Paging paging, IBillingDesk desk, CancellationToken cancellationToken) =>
            await desk.ServicePointsAsync(unit, paging.Request, cancellationToken)).Requires(Permission.SeeMeters).WithSummary("Service points, of one unit or of all.");
        group.MapPost("/service-points", async ([FromBody] ServicePoint point, IBillingDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Created(await desk.AddAsync(point, cancellationToken), added => $"/api/v1/service-points?unit={added.Unit}"))
            .Requires(Permission.ChangeBilling).Produces<ServicePoint>(201).WithSummary("Add a service point.");
        group.MapGet("/meter-installations", async (string? servicePoint, [AsParameters] Paging paging, IBillingDesk desk, CancellationToken cancellationToken) =>
            await desk.InstallationsAsync(servicePoint, paging.Request, cancellationToken)).Requires(Permission.SeeMeters).WithSummary("Meter installations, of one service point or of all.");
        group.MapPost("/meter-installations", async ([FromBody] MeterInstallation installation, IBillingDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Created(await desk.AddAsync(installation, cancellationToken), added => $"/api/v1/meter-installations?servicePoint={added.ServicePoint}"))
            .Requires(Permission.ChangeBilling).Produces<MeterInstallation>(201).WithSummary("Put a meter at a service point.");
        group.MapPost("/meter-installations/{id}/end", async (string id, [FromBody] InstallationEnd end, IBillingDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Ok(await desk.EndInstallationAsync(id, end.ToMs, end.ClosingValue, cancellationToken)))
            .Requires(Permission.ChangeBilling).Produces<MeterInstallation>().WithSummary("Take a meter out.");
        group.MapGet("/readings", async (
            string site, string? device, string? register, string? from, string? to, [AsParameters] Paging paging, IBillingDesk desk, CancellationToken cancellationToken) =>
        {
            long fromMs = 0;
            long toMs = long.MaxValue;
            if (from is not null && !Instant.TryRead(from, out fromMs))
            {
                return ApiResults.BadQuery("from", $"must be {Instant.Mend}");
            }

            if (to is not null && !Instant.TryRead(to, out toMs))
            {
                return ApiResults.BadQuery("to", $"must be {Instant.Mend}");
            }

            Page<StoredReading> page = await desk.ReadingsAsync(site, device, register, fromMs, toMs, paging.Request, cancellationToken);
            return TypedResults.Ok(new Page<ReadingView>([.. page.Items.Select(ReadingView.Of)], page.Next));
        }).Requires(Permission.SeeMeters).Produces<Page<ReadingView>>().WithSummary("Readings of a site in [from, to), oldest first.");
    }

    private static void MapTariffs(RouteGroupBuilder group)
    {
        group.MapGet("/tariffs", async ([AsParameters] Paging paging, IBillingDesk desk, CancellationToken cancellationToken) =>
            await desk.TariffsAsync(paging.Request, cancellationToken)).Requires(Permission.SeeMeters).WithSummary("Tariffs with all their versions.");
        group.MapPost("/tariffs", async ([FromBody] Tariff tariff, IBillingDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Created(await desk.AddAsync(tariff, cancellationToken), added => $"/api/v1/tariffs/{added.Id}"))
            .Requires(Permission.ChangeTariffs).Produces<Tariff>(201).WithSummary("Add a tariff.");
        group.MapGet("/tariffs/{id}", async (string id, IBillingDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Found(await desk.FindTariffAsync(id, cancellationToken), "tariff", id)).Requires(Permission.SeeMeters).Produces<Tariff>().WithSummary("One tariff.");
        group.MapGet("/tariff-assignments", async (string? servicePoint, [AsParameters] Paging paging, IBillingDesk desk, CancellationToken cancellationToken) =>
            await desk.AssignmentsAsync(servicePoint, paging.Request, cancellationToken)).Requires(Permission.SeeMeters).WithSummary("Which service point is under which tariff.");
        group.MapPost("/tariff-assignments", async ([FromBody] TariffAssignment assignment, IBillingDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Created(await desk.AddAsync(assignment, cancellationToken), added => $"/api/v1/tariff-assignments?servicePoint={added.ServicePoint}"))
            .Requires(Permission.ChangeBilling).Produces<TariffAssignment>(201).WithSummary("Put a service point under a tariff from a day on.");
    }

    private static void MapInvoices(RouteGroupBuilder group)
    {
        group.MapGet("/invoices", async (string? unit, [AsParameters] Paging paging, IBillingDesk desk, CancellationToken cancellationToken) =>
            await desk.InvoicesAsync(unit, paging.Request, cancellationToken)).Requires(Permission.SeeInvoices).WithSummary("Invoices, newest period first.");
        group.MapPost("/invoices", async ([FromBody] InvoiceRequest request, IBillingDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Created(await desk.IssueAsync(request.Unit, request.FromMs, request.ToMs, cancellationToken), issued => $"/api/v1/invoices/{issued.Id}"))
            .Requires(Permission.ChangeBilling).Produces<Invoice>(201).WithSummary("Bill a unit for [from, to); 422 lists everything that blocks the bill.");
        group.MapGet("/invoices/{id}", async (string id, IBillingDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Found(await desk.FindInvoiceAsync(id, cancellationToken), "invoice", id))
            .Requires(Permission.SeeInvoices).Produces<Invoice>().WithSummary("One invoice: readings, tariff version and steps of each line.");
    }
}

public sealed record InstallationEnd
{
    public required long ToMs { get; init; }

    /// <summary>What the register showed; null: the last reading closes it.</summary>
    public decimal? ClosingValue { get; init; }
}

public sealed record InvoiceRequest
{
    public required string Unit { get; init; }

    public required long FromMs { get; init; }

    public required long ToMs { get; init; }
}
