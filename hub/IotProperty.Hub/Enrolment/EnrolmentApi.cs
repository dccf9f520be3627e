using IotProperty.Hub.Hosting;
using IotProperty.Protocols.Enrolment;
using Microsoft.AspNetCore.Http.Metadata;

namespace IotProperty.Hub.Enrolment;

/// <summary>
/// Where edges ask for certificates. Open to strangers: a one-time code, or the key of the present certificate, is the proof; nothing here acts by a login cookie.
/// </summary>
internal static class EnrolmentApi
{
    private const int MaxBodyBytes = 32 * 1024;

    /// <summary>At once; a signature and a commit are not free, and strangers may ask.</summary>
    private const int MaxPresent = 8;

    public static void MapEnrolment(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("").AllowAnonymous().WithMetadata(new NoCookieMetadata(), new BodyLimit(MaxBodyBytes)).WithTags("Enrolment");
        group.AddEndpointFilter(new Turnstile(MaxPresent));
        group.MapGet(EnrolmentRoutes.Authority, (AuthoritySource source) => source.TryGet(out CertificateAuthority? authority)
            ? TypedResults.Text(authority.ChainPem(), "application/pem-certificate-chain")
            : Answer((null, EnrolmentDesk.NotReady())))
            .WithSummary("The authority that signs edges' certificates (PEM); who has a code knows it by its fingerprint.");
        group.MapPost(EnrolmentRoutes.Enrol, async (EnrolmentRequest request, EnrolmentDesk desk, HttpContext context, CancellationToken cancellationToken) =>
            Answer(await desk.EnrolAsync(request, RemoteOf(context), cancellationToken)))
            .WithSummary("Gets an edge its first certificate, for a one-time code.").Produces<EnrolmentAnswer>();
        group.MapPost(EnrolmentRoutes.Renew, async (RenewalRequest request, EnrolmentDesk desk, HttpContext context, CancellationToken cancellationToken) =>
            Answer(await desk.RenewAsync(request, RemoteOf(context), cancellationToken)))
            .WithSummary("Gets an edge its next certificate, for the present one and a proof by its key.").Produces<EnrolmentAnswer>();
    }

    private static string RemoteOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "an unknown address";

    private static IResult Answer((EnrolmentAnswer? Answer, EnrolmentRefusal? Refusal) result) => result.Refusal is not { } refusal
        ? TypedResults.Ok(result.Answer)
        : TypedResults.Problem(
            statusCode: refusal.Kind switch
            {
                EnrolmentRefusalKind.Malformed => StatusCodes.Status422UnprocessableEntity,
                EnrolmentRefusalKind.NotInvited => StatusCodes.Status403Forbidden,
                _ => StatusCodes.Status503ServiceUnavailable,
            },
            title: "No certificate",
            detail: refusal.Why);

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;

    /// <summary>Lets a few in at once; the others are told to come back.</summary>
    private sealed class Turnstile(int places) : IEndpointFilter
    {
        private int _present;

        public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        {
            try
            {
                if (Interlocked.Increment(ref _present) <= places)
                {
                    return await next(context);
                }

                context.HttpContext.Response.Headers.RetryAfter = "5";
                return TypedResults.Problem(statusCode: StatusCodes.Status503ServiceUnavailable, title: "No certificate", detail: "too many edges enrol at once; come back later");
            }
            finally
            {
                Interlocked.Decrement(ref _present);
            }
        }
    }
}
