using IotProperty.Hub.People;

namespace IotProperty.Hub.Hosting;

/// <summary><c>/healthz</c> for whoever keeps the hub running, and <c>/metrics</c> for Prometheus.</summary>
internal static class HealthRoutes
{
    public static void MapHealth(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/healthz", async (PeopleContext ledger, CancellationToken cancellationToken) =>
        {
            bool ledgerAnswers = await ledger.Database.CanConnectAsync(cancellationToken);
            return TypedResults.Text(
                ledgerAnswers ? "ok\n" : "the ledger's database does not answer\n",
                "text/plain",
                statusCode: ledgerAnswers ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        }).AllowAnonymous().ExcludeFromDescription();

    public static void MapMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", (MetricsText metrics) => TypedResults.Text(metrics.Render(), "text/plain; version=0.0.4; charset=utf-8"))
            .Requires(Permission.WatchBuilding).ExcludeFromDescription();
}
