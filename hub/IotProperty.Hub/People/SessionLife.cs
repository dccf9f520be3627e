using System.Globalization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;

namespace IotProperty.Hub.People;

/// <summary>
/// How long a login holds: so long without a request, and never longer than a shift. It ends at the next request after the password was changed or
/// reset elsewhere, a role was taken back or the person was removed; a role that was added counts within a minute.
/// </summary>
internal static class SessionLife
{
    public static readonly TimeSpan Idle = TimeSpan.FromHours(2);
    public static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    private const string Began = "iotp:began";

    public static Task BeginAsync(CookieSigningInContext context)
    {
        // Kept when the cookie is renewed, which passes here as well.
        context.Properties.Items.TryAdd(Began, Now(context.HttpContext).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
        return Task.CompletedTask;
    }

    public static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        bool isKnown = context.Properties.Items.TryGetValue(Began, out string? text) & long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long beganMs);
        if (!isKnown || Now(context.HttpContext).ToUnixTimeMilliseconds() - beganMs >= (long)Longest.TotalMilliseconds
            || !await context.HttpContext.RequestServices.GetRequiredService<AccessCheck>().StillHoldsAsync(context.Principal!, context.HttpContext.RequestAborted))
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(IdentityConstants.ApplicationScheme);
            return;
        }

        await SecurityStampValidator.ValidatePrincipalAsync(context);
    }

    private static DateTimeOffset Now(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
}
