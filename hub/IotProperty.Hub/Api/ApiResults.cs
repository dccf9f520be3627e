namespace IotProperty.Hub.Api;

/// <summary>From the domain's answers to HTTP's.</summary>
internal static class ApiResults
{
    /// <summary>201 with the record, or the refusal.</summary>
    public static IResult Created<T>(Result<T> result, Func<T, string> location)
        where T : class =>
        result.Succeeded ? TypedResults.Created(location(result.Value), result.Value) : Refused(result.Refusal);

    /// <summary>200 with the record, or the refusal.</summary>
    public static IResult Ok<T>(Result<T> result)
        where T : class =>
        result.Succeeded ? TypedResults.Ok(result.Value) : Refused(result.Refusal);

    /// <summary>200 with the record, or 404 that names it.</summary>
    public static IResult Found<T>(T? record, string what, string id)
        where T : class =>
        record is null ? Refused(Refusal.NotFound(what, id)) : TypedResults.Ok(record);

    /// <summary>404, 409, 422 or 503 with every reason and its stable code.</summary>
    public static IResult Refused(Refusal refusal)
    {
        (int status, string title) = refusal.Kind switch
        {
            RefusalKind.NotFound => (StatusCodes.Status404NotFound, "Not found"),
            RefusalKind.Conflict => (StatusCodes.Status409Conflict, "Contradicts what is recorded"),
            RefusalKind.Invalid => (StatusCodes.Status422UnprocessableEntity, "Cannot be carried out"),
            RefusalKind.Unavailable => (StatusCodes.Status503ServiceUnavailable, "Not possible now"),
            _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal.Kind, "not a kind"),
        };
        return TypedResults.Problem(
            statusCode: status,
            title: title,
            detail: string.Join("; ", refusal.Reasons.Select(reason => reason.Detail)),
            extensions: [new KeyValuePair<string, object?>("reasons", refusal.Reasons)]);
    }

    /// <summary>400 that names the query parameter.</summary>
    public static IResult BadQuery(string parameter, string mend) => TypedResults.Problem(
        statusCode: StatusCodes.Status400BadRequest,
        title: "Bad query",
        detail: $"{parameter}: {mend}",
        extensions: [new KeyValuePair<string, object?>("errors", new Dictionary<string, string[]> { [parameter] = [mend] })]);
}
