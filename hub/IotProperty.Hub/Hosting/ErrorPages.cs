using IotProperty.Hub.People;
using Microsoft.AspNetCore.Diagnostics;

namespace IotProperty.Hub.Hosting;

/// <summary>Gives a body to refusals that have none: problem details for programs, a plain page for people.</summary>
internal static class ErrorPages
{
    public static async Task WriteAsync(StatusCodeContext status)
    {
        HttpContext context = status.HttpContext;
        int code = context.Response.StatusCode;
        if (Refusals.IsForPrograms(context.Request) || context.Request.Headers.ContainsKey("HX-Request"))
        {
            await Results.Problem(statusCode: code).ExecuteAsync(context);
            return;
        }

        await Pages.ErrorPage.Result(code).ExecuteAsync(context);
    }
}
