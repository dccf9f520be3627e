using System.Text.Json;
using System.Text.RegularExpressions;
using IotProperty.Hub.Registry.Personal;
using Microsoft.AspNetCore.Diagnostics;

namespace IotProperty.Hub.Api;

/// <summary>Turns a body, or a row, that cannot be read into problem details that name the place and the mend.</summary>
internal sealed partial class BadRequests : IExceptionHandler
{
    private static readonly string[] IsMissing = ["is missing"];

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is PersonalDataException unreadable)
        {
            // Names the place and the key, and neither the text nor what it should be.
            httpContext.Response.StatusCode = StatusCodes.Status500InternalServerError;
            await TypedResults.Problem(statusCode: StatusCodes.Status500InternalServerError, title: "Personal data cannot be read", detail: unreadable.Message).ExecuteAsync(httpContext);
            return true;
        }

        if (exception is not BadHttpRequestException bad)
        {
            return false;
        }

        httpContext.Response.StatusCode = bad.StatusCode;
        Dictionary<string, string[]> errors = bad.InnerException is JsonException json ? ErrorsOf(json) : [];
        string detail = errors.Count > 0
            ? string.Join("; ", errors.Select(error => $"{error.Key}: {string.Join(", ", error.Value)}"))
            : bad.Message;
        await TypedResults.Problem(
            statusCode: bad.StatusCode,
            title: "Bad request",
            detail: detail,
            extensions: errors.Count > 0 ? [new KeyValuePair<string, object?>("errors", errors)] : null).ExecuteAsync(httpContext);
        return true;
    }

    private static Dictionary<string, string[]> ErrorsOf(JsonException json)
    {
        string place = json.Path is null or "$" ? "$" : json.Path.Replace("$.", "", StringComparison.Ordinal);
        if (json.Message.Contains("missing required properties", StringComparison.Ordinal))
        {
            string prefix = place == "$" ? "" : place + ".";
            return QuotedAfterColon().Matches(json.Message[json.Message.IndexOf("including:", StringComparison.Ordinal)..])
                .ToDictionary(name => prefix + name.Groups[1].Value, _ => IsMissing);
        }

        Match unmapped = Unmapped().Match(json.Message);
        if (unmapped.Success)
        {
            return new() { [place == "$" ? unmapped.Groups[1].Value : place] = ["is not a member here — check its spelling"] };
        }

        // The reader adds its own coordinates; the place is named already.
        string what = json.Message.Split(" Path:", 2)[0];
        return new() { [place] = [what] };
    }

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex QuotedAfterColon();

    [GeneratedRegex("The JSON property '([^']+)' could not be mapped")]
    private static partial Regex Unmapped();
}
