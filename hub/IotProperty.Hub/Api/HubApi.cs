using IotProperty.Hub.Api.Access;
using IotProperty.Hub.Api.Alarms;
using IotProperty.Hub.Api.Audit;
using IotProperty.Hub.Api.Billing;
using IotProperty.Hub.Api.Control;
using IotProperty.Hub.Api.Json;
using IotProperty.Hub.Api.Maintenance;
using IotProperty.Hub.Api.Reconciliation;
using IotProperty.Hub.Api.Registry;
using IotProperty.Hub.Api.Telemetry;
using IotProperty.Hub.People;

namespace IotProperty.Hub.Api;

/// <summary>The HTTP API under <c>/api/v1</c>, described at <c>/api/v1/openapi.json</c>.</summary>
internal static class HubApi
{
    public const string Root = "/api/v1";

    public static IServiceCollection AddHubApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddProblemDetails();
        services.AddExceptionHandler<BadRequests>();
        services.AddScoped<Overview.OverviewReader>();
        services.AddOpenApi("v1", ApiDescription.Configure);
        return services;
    }

    public static void MapHubApi(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder api = routes.MapGroup(Root);
        api.MapRegistry();
        api.MapTelemetry();
        api.MapAlarms();
        api.MapMaintenance();
        api.MapBilling();
        api.MapAccess();
        api.MapReconciliation();
        api.MapAudit();
        api.MapCommands();
        routes.MapOpenApi(Root + "/openapi.json").Requires(Permission.LoggedIn);
    }

    /// <summary>Who acts, for the records: the person's name, or the token's.</summary>
    public static string ActorName(this HttpContext context) =>
        context.User.Identity?.Name ?? throw new InvalidOperationException("the route let somebody nameless in");
}
