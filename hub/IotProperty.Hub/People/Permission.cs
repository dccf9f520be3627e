namespace IotProperty.Hub.People;

/// <summary>What a route demands. Each route names exactly one; <see cref="Permissions"/> says which roles hold it.</summary>
public enum Permission
{
    /// <summary>Being logged in: one's own account, the language, the list of sites.</summary>
    LoggedIn,

    /// <summary>Overview, telemetry, alarms, edges, delivery records, metrics, the live stream.</summary>
    WatchBuilding,

    AcknowledgeAlarms,

    /// <summary>Who went through which door.</summary>
    SeeAccess,

    SeeMaintenance,
    ChangeMaintenance,

    /// <summary>Buildings and units, without the people in them.</summary>
    SeeRegistry,

    /// <summary>Names and telephone numbers.</summary>
    SeeResidents,

    ChangeRegistry,

    /// <summary>Meters, readings, tariffs.</summary>
    SeeMeters,

    SeeInvoices,
    ChangeBilling,

    /// <summary>Who did what.</summary>
    SeeAudit,
}

/// <summary>The table of who may do what. The only place where roles meet permissions.</summary>
public static class Permissions
{
    private static readonly Dictionary<Permission, string[]> Holders = new()
    {
        [Permission.LoggedIn] = [.. Roles.All],
        [Permission.WatchBuilding] = [.. Roles.All],
        [Permission.AcknowledgeAlarms] = [Roles.Administrator, Roles.Engineer, Roles.Guard],
        [Permission.SeeAccess] = [Roles.Administrator, Roles.Engineer, Roles.Guard, Roles.ReadOnly],
        [Permission.SeeMaintenance] = [Roles.Administrator, Roles.Engineer, Roles.Guard, Roles.ReadOnly],
        [Permission.ChangeMaintenance] = [Roles.Administrator, Roles.Engineer],
        [Permission.SeeRegistry] = [.. Roles.All],
        [Permission.SeeResidents] = [Roles.Administrator, Roles.Guard, Roles.Billing],
        [Permission.ChangeRegistry] = [Roles.Administrator, Roles.Billing],
        [Permission.SeeMeters] = [Roles.Administrator, Roles.Engineer, Roles.Billing, Roles.ReadOnly],
        [Permission.SeeInvoices] = [Roles.Administrator, Roles.Billing, Roles.ReadOnly],
        [Permission.ChangeBilling] = [Roles.Administrator, Roles.Billing],
        [Permission.SeeAudit] = [Roles.Administrator],
    };

    public static IReadOnlyList<string> RolesOf(Permission permission) => Holders[permission];

    /// <summary>Whether the person or token behind a request may do this.</summary>
    public static bool May(this System.Security.Claims.ClaimsPrincipal who, Permission permission)
    {
        ArgumentNullException.ThrowIfNull(who);
        return who.Identity?.IsAuthenticated == true && RolesOf(permission).Any(who.IsInRole);
    }

    /// <summary>Lets a route be used only by those who hold the permission.</summary>
    public static TBuilder Requires<TBuilder>(this TBuilder route, Permission permission)
        where TBuilder : IEndpointConventionBuilder =>
        route.RequireAuthorization(permission.ToString()).WithMetadata(new PermissionMetadata(permission));
}

/// <summary>Which permission a route demands, for tests, refusals and the API's description.</summary>
public sealed record PermissionMetadata(Permission Permission);
