using System.Net.ServerSentEvents;
using System.Security.Claims;
using IotProperty.Hub.People;

namespace IotProperty.Hub.Live;

/// <summary><c>/live</c> for pages and <c>/api/v1/live</c> for programs: the same stream.</summary>
internal static class LiveRoutes
{
    /// <summary>A place becomes free when somebody leaves, which nobody can foretell: soon enough for a person, seldom enough for a crowd.</summary>
    private const string RetryAfterSeconds = "10";

    public static void MapLive(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/live", Stream).Requires(Permission.WatchBuilding).ExcludeFromDescription();
        routes.MapGet("/api/v1/live", Stream).Requires(Permission.WatchBuilding)
            .WithName("watch").WithTags("live").WithSummary("What changes, as server-sent events without data: fetch what changed.");
    }

    private static IResult Stream(LiveFeed feed, LiveSeats seats, TimeProvider time, IServiceScopeFactory scopes, IHostApplicationLifetime lifetime, HttpContext context)
    {
        if (feed.Watchers >= LiveFeed.MaxWatchers)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            return TypedResults.Problem(
                statusCode: StatusCodes.Status503ServiceUnavailable, title: "Too many watch", detail: "Close another live stream or try again later.");
        }

        if (seats.TryTake(context.User) is not { } seat)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            return TypedResults.Problem(
                statusCode: StatusCodes.Status429TooManyRequests,
                title: "Too many live streams",
                detail: $"You have {LiveSeats.MaxOfPerson} open already; close one.");
        }

        context.Response.RegisterForDispose(seat);

        // A stream never ends by itself; without this the hub's shutdown would wait for every open page.
        CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.RegisterForDispose(ending);
        context.Response.Headers["X-Accel-Buffering"] = "no";
        IAsyncEnumerable<SseItem<string>> stream = LiveStream.ReadAsync(new ScopedLiveFeed(feed, SiteScope.Current), time, ending.Token);
        return TypedResults.ServerSentEvents(LiveStream.WhileAllowedAsync(stream, time, cancellationToken => StillAllowedAsync(context.User, scopes, cancellationToken), ending.Token));
    }

    private static async Task<bool> StillAllowedAsync(ClaimsPrincipal who, IServiceScopeFactory scopes, CancellationToken cancellationToken)
    {
        // The request's own scope would keep its context for as long as the stream lasts.
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<AccessCheck>().StillHoldsAsync(who, cancellationToken);
    }
}
