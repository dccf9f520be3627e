using IotProperty.Hub.Pages.Account;
using IotProperty.Hub.Pages.Alarms;
using IotProperty.Hub.Pages.Audit;
using IotProperty.Hub.Pages.Control;
using IotProperty.Hub.Pages.Invoices;
using IotProperty.Hub.Pages.Lines;
using IotProperty.Hub.Pages.Meters;
using IotProperty.Hub.Pages.Overview;
using IotProperty.Hub.Pages.Reconciliation;
using IotProperty.Hub.Pages.Residents;
using IotProperty.Hub.Pages.Tokens;
using IotProperty.Hub.Pages.Trends;
using IotProperty.Hub.Pages.WorkOrders;

namespace IotProperty.Hub.Pages;

/// <summary>
/// The pages. Each folder holds the routes of one subject and the components that they render: a route reads the stores and decides, a component only
/// draws what it is given. Forms are plain posts that end in a redirect; every write is guarded against forgery in one place
/// (<see cref="Hosting.CookieWriteGuard"/>).
/// </summary>
internal static class HubPages
{
    public static IServiceCollection AddHubPages(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.Configure<RequestLocalizationOptions>(LanguageChoice.Configure);
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "iotp-form";
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.HeaderName = "RequestVerificationToken";
            options.FormFieldName = "form-token";
            options.SuppressXFrameOptionsHeader = true;
        });
        return services;
    }

    public static void MapHubPages(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder pages = routes.MapGroup("").ExcludeFromDescription();
        pages.MapAccount();
        pages.MapOverview();
        pages.MapLines();
        pages.MapReconciliationPages();
        pages.MapAlarms();
        pages.MapTrends();
        pages.MapWorkOrders();
        pages.MapDoors();
        pages.MapMeters();
        pages.MapSupply();
        pages.MapInvoices();
        pages.MapResidents();
        pages.MapTokens();
        pages.MapAuditPages();
    }
}
