using IotProperty.Hub.Hosting;
using IotProperty.Hub.People;
using Microsoft.AspNetCore.Identity;

namespace IotProperty.Hub.Pages.Account;

/// <summary>Login, logout, language and one's own password.</summary>
internal static class AccountRoutes
{
    private static readonly TimeSpan LanguageIsKept = TimeSpan.FromDays(365);

    public static void MapAccount(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/login", (string? returnUrl) => Html.Page<LoginPage>(new { ReturnUrl = OwnAddress(returnUrl) })).AllowAnonymous();
        pages.MapPost("/login", LogInAsync).AllowAnonymous().WithMetadata(new RouteRateMetadata(RouteRate.Login));
        pages.MapPost("/language", (Delegate)ChooseLanguageAsync).AllowAnonymous();
        pages.MapPost("/logout", async (LoginDesk login, CancellationToken cancellationToken) =>
        {
            await login.LogOutAsync(cancellationToken);
            return Html.SeeOther("/login");
        }).Requires(Permission.LoggedIn).WithMetadata(new OpenWithOneTimePassword());
        pages.MapGet("/account", (string? changed) => Html.Page<AccountPage>(new { Done = changed is not null })).Requires(Permission.LoggedIn).WithMetadata(new OpenWithOneTimePassword());
        pages.MapPost("/account/password", ChangePasswordAsync).Requires(Permission.LoggedIn).WithMetadata(new OpenWithOneTimePassword());
    }

    /// <summary>Only a path of this hub: a link from outside must not send people elsewhere after the login.</summary>
    public static string OwnAddress(string? address) =>
        address is ['/', not '/' and not '\\', ..] && !address.Any(char.IsControl) ? address : "/";

    private static async Task<IResult> LogInAsync(HttpContext context, LoginDesk login, ILogger<LoginPage> log)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        string name = form["name"].ToString();
        string returnUrl = OwnAddress(form["returnUrl"]);
        if (await login.LogInAsync(name, form["password"].ToString(), context.RequestAborted))
        {
            return Html.SeeOther(returnUrl);
        }

        AccountLog.LoginRefused(log, context.Connection.RemoteIpAddress);
        return Html.Page<LoginPage>(new { Name = name, ReturnUrl = returnUrl, Problem = Words.T("login.wrong") }, StatusCodes.Status401Unauthorized);
    }

    private static async Task<IResult> ChooseLanguageAsync(HttpContext context)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        string language = form["language"].ToString() == Words.Chinese ? Words.Chinese : Words.English;
        context.Response.Cookies.Append(LanguageChoice.Cookie, language, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
            MaxAge = LanguageIsKept,
            IsEssential = true,
        });
        return Html.SeeOther(OwnAddress(form["returnUrl"]));
    }

    private static async Task<IResult> ChangePasswordAsync(HttpContext context, UserManager<Person> users, SignInManager<Person> login, PeopleRegister people)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        Person? person = await users.GetUserAsync(context.User);
        if (person is null)
        {
            return Html.SeeOther("/login");
        }

        IReadOnlyList<IdentityError> errors = await people.ChangePasswordAsync(person, form["current"].ToString(), form["next"].ToString(), context.RequestAborted);
        if (errors.Count > 0)
        {
            string key = errors.Any(error => error.Code == nameof(IdentityErrorDescriber.PasswordMismatch)) ? "account.wrong-current" : "account.too-simple";
            return Html.Page<AccountPage>(new { Problem = Words.T(key) }, StatusCodes.Status422UnprocessableEntity);
        }

        await login.RefreshSignInAsync(person);
        return Html.SeeOther("/account?changed=1");
    }
}

/// <summary>Event ids 2300–2319.</summary>
internal static partial class AccountLog
{
    [LoggerMessage(2300, LogLevel.Warning, "A login was refused from {Address}; the audit log says why.")]
    public static partial void LoginRefused(ILogger logger, System.Net.IPAddress? address);

    [LoggerMessage(2301, LogLevel.Warning, "The first administrator's one-time password still waits in {File}: log in and change it.")]
    public static partial void FirstPasswordWaits(ILogger logger, string file);
}
