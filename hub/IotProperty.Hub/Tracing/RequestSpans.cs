using System.Diagnostics;

namespace IotProperty.Hub.Tracing;

/// <summary>
/// Gives the server span of a request its name and attributes (OpenTelemetry semantic conventions for HTTP): the route and not the address, which may hold a search or a one-time
/// code. What asks every few seconds whether the hub lives is not worth a trace.
/// </summary>
internal sealed class RequestSpans(RequestDelegate next)
{
    private static readonly string[] Watching = ["/healthz", "/metrics"];

    public async Task InvokeAsync(HttpContext context)
    {
        Activity? span = Activity.Current;
        if (span is not { IsAllDataRequested: true })
        {
            await next(context);
            return;
        }

        if (Watching.Contains(context.Request.Path.Value))
        {
            span.IsAllDataRequested = false;
            span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            await next(context);
            return;
        }

        try
        {
            await next(context);
        }
        finally
        {
            string? route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
            string method = MethodOf(context.Request.Method);
            span.DisplayName = route is null ? method : $"{method} {route}";
            span.SetTag("http.request.method", method);
            span.SetTag("http.route", route);
            span.SetTag("http.response.status_code", context.Response.StatusCode);
            if (context.Response.StatusCode >= StatusCodes.Status500InternalServerError)
            {
                span.SetStatus(ActivityStatusCode.Error);
            }
        }
    }

    /// <summary>A client may send any word as the method.</summary>
    private static string MethodOf(string method) => HttpMethods.IsGet(method) || HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method)
        || HttpMethods.IsHead(method) || HttpMethods.IsPatch(method) || HttpMethods.IsOptions(method)
        ? HttpMethods.GetCanonicalizedValue(method)
        : "_OTHER";
}
