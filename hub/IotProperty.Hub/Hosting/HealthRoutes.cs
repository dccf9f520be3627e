using IotProperty.Hub.People;

namespace IotProperty.Hub.Hosting;

/// <summary><c>/healthz</c> for whoever keeps the hub running, and <c>/metrics</c> for Prometheus.</summary>
internal static class HealthRoutes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void MapHealth(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/healthz", async (IEnumerable<IHealthProbe> probes, TimeProvider time, CancellationToken cancellationToken) =>
        {
            string?[] answers = await Task.WhenAll(probes.Select(probe => AskAsync(probe, time, cancellationToken)));
            string[] wrong = [.. answers.OfType<string>()];
            return TypedResults.Text(
                wrong.Length == 0 ? "ok\n" : string.Join("\n", wrong) + "\n",
                "text/plain",
                statusCode: wrong.Length == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        }).AllowAnonymous().ExcludeFromDescription();

    public static void MapMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", (MetricsText metrics) => TypedResults.Text(metrics.Render(), "text/plain; version=0.0.4; charset=utf-8"))
            .Requires(Permission.SeeMetrics).ExcludeFromDescription();

    /// <summary>Whoever asks for health has no patience for a server that does not answer at all.</summary>
    private static async Task<string?> AskAsync(IHealthProbe probe, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await probe.WhyNotAsync(cancellationToken).WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return $"{probe.GetType().Name}: {failure.Message}";
        }
    }
}
