namespace IotProperty.Hub.Pages;

/// <summary>A refusal as a page for people.</summary>
internal static class ErrorPage
{
    public static IResult Result(int status) => Html.Page<ErrorView>(
        new
        {
            Message = Words.T(status switch
            {
                StatusCodes.Status400BadRequest => "error.bad-request",
                StatusCodes.Status403Forbidden => "error.not-allowed",
                StatusCodes.Status404NotFound => "error.not-found",
                _ => "error.other",
            }),
        },
        status);
}
