namespace IotProperty.Hub.Hosting;

/// <summary>The route takes nothing from a login cookie, so a forged form on another page gains nothing there and no antiforgery token is asked for.</summary>
internal sealed class NoCookieMetadata;
