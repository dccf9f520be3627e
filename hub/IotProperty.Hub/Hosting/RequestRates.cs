using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using System.Threading.RateLimiting;
using IotProperty.Hub.Audit;
using IotProperty.Hub.People;

namespace IotProperty.Hub.Hosting;

/// <summary>
/// How often somebody may ask in a minute: a stranger's address for logins and for tokens that are none, a person or token for everything else. Beyond it comes 429 with
/// Retry-After, before anything is looked up. Files of pages and health are free.
/// </summary>
internal static class RequestRates
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public static IServiceCollection AddRequestRates(this IServiceCollection services, ListenerLimits limits) => services.AddRateLimiter(options =>
    {
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => PartitionOf(context, limits));
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.OnRejected = async (rejected, _) =>
        {
            await Refusals.TellAsync(rejected.HttpContext, AuditAction.RateLimited, "too many requests");
            TimeSpan wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan known) ? known : Window;
            rejected.HttpContext.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            await Results.Problem(
                statusCode: StatusCodes.Status429TooManyRequests, title: "Too many requests", detail: "Wait as long as Retry-After says, then go on more slowly.")
                .ExecuteAsync(rejected.HttpContext);
        };
    });

    private static RateLimitPartition<string> PartitionOf(HttpContext context, ListenerLimits limits)
    {
        HttpRequest request = context.Request;
        if (request.Path.StartsWithSegments("/assets") || request.Path == "/healthz")
        {
            return RateLimitPartition.GetNoLimiter("free");
        }

        // By the route and not by the path, which can be written in several ways.
        RouteRate? rate = context.GetEndpoint()?.Metadata.GetMetadata<RouteRateMetadata>()?.Rate;
        if (rate == RouteRate.Login)
        {
            return Fixed("login " + AddressOf(context), limits.LoginsPerMinute);
        }

        if (context.User.Identity?.IsAuthenticated == true)
        {
            string who = context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "";
            if (rate == RouteRate.ResidentSearch)
            {
                return Fixed("search " + who, limits.ResidentSearchesPerMinute);
            }

            return Fixed("known " + who, limits.RequestsPerMinute);
        }

        return ApiTokenHandler.IsBearer(request)
            ? Fixed("no-token " + AddressOf(context), limits.WrongTokensPerMinute)
            : Fixed("stranger " + AddressOf(context), limits.RequestsPerMinute);
    }

    private static RateLimitPartition<string> Fixed(string key, int permits) => RateLimitPartition.GetFixedWindowLimiter(
        key, _ => new FixedWindowRateLimiterOptions { PermitLimit = permits, Window = Window, QueueLimit = 0 });

    /// <summary>Of IPv6 the network, for one host has 2^64 addresses of it.</summary>
    public static string AddressOf(HttpContext context)
    {
        IPAddress address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4().ToString();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }
}

/// <summary>Which requests have a rate of their own.</summary>
internal enum RouteRate
{
    Login,
    ResidentSearch,
}

/// <summary>On a route that has a rate of its own.</summary>
internal sealed record RouteRateMetadata(RouteRate Rate);
