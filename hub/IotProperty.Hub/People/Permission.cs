using System.Security.Claims;
using IotProperty.Hub.Control;

namespace IotProperty.Hub.People;

/// <summary>What a route demands. Each route names one, or two of which one is enough; <see cref="Permissions"/> says which roles hold it.</summary>
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

    /// <summary>Technicians serve every site.</summary>
    ChangeTechnicians,

    /// <summary>Tariffs hold for every site.</summary>
    ChangeTariffs,

    /// <summary>Counters of the whole hub.</summary>
    SeeMetrics,

    /// <summary>Tokens of programs.</summary>
    ManageAccess,

    /// <summary>Who ordered what of doors and meters, and what became of it.</summary>
    SeeCommands,

    /// <summary>Ordering that doors and gates be unlocked.</summary>
    UnlockDoors,

    /// <summary>Ordering that a meter's relay or valve be switched: a home may be cut off.</summary>
    SwitchMeters,
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
        [Permission.ChangeTechnicians] = [Roles.Administrator, Roles.Engineer],
        [Permission.ChangeTariffs] = [Roles.Administrator, Roles.Billing],
        [Permission.SeeMetrics] = [.. Roles.All],
        [Permission.ManageAccess] = [Roles.Administrator],
        [Permission.SeeCommands] = [Roles.Administrator, Roles.Engineer, Roles.Guard, Roles.ReadOnly],
        [Permission.UnlockDoors] = [Roles.Administrator, Roles.Guard],
        [Permission.SwitchMeters] = [Roles.Administrator, Roles.Engineer],
    };

    /// <summary>What is of no single site, so that a role at some of them does not hold it.</summary>
    private static readonly Permission[] OfTheWholeHub =
        [Permission.ChangeTechnicians, Permission.ChangeTariffs, Permission.SeeMetrics, Permission.ManageAccess];

    /// <summary>What looks and leaves everything as it is, but for the audit log.</summary>
    public static IReadOnlyList<Permission> ReadOnly { get; } =
    [
        Permission.LoggedIn, Permission.WatchBuilding, Permission.SeeAccess, Permission.SeeMaintenance, Permission.SeeRegistry, Permission.SeeResidents,
        Permission.SeeMeters, Permission.SeeInvoices, Permission.SeeAudit, Permission.SeeMetrics, Permission.SeeCommands,
    ];

    public static IReadOnlyList<string> RolesOf(Permission permission) => Holders[permission];

    /// <summary>What somebody must hold at a site to order this there.</summary>
    public static Permission ToOrder(OrderedAction action) => action switch
    {
        OrderedAction.Unlock => Permission.UnlockDoors,
        OrderedAction.Switch => Permission.SwitchMeters,
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "not an action"),
    };

    /// <summary>At which sites the person or token behind a request may use a route.</summary>
    public static SiteScope ScopeOf(this ClaimsPrincipal who, PermissionMetadata route)
    {
        ArgumentNullException.ThrowIfNull(route);
        return route.AnyOf.Aggregate(SiteScope.None, (scope, permission) => scope.Or(who.ScopeOf(permission)));
    }

    /// <summary>At which sites the person or token behind a request may do this.</summary>
    public static SiteScope ScopeOf(this ClaimsPrincipal who, Permission permission)
    {
        ArgumentNullException.ThrowIfNull(who);
        IReadOnlyList<string> roles = RolesOf(permission);
        string[] only = [.. who.FindAll(PersonClaims.OnlyPermission).Select(claim => claim.Value)];
        if (who.Identity?.IsAuthenticated != true || (only.Length > 0 && permission != Permission.LoggedIn && !only.Contains(permission.ToString())))
        {
            return SiteScope.None;
        }

        if (roles.Any(who.IsInRole))
        {
            return SiteScope.All;
        }

        string[] sites = [.. who.FindAll(PersonClaims.RoleAtSite)
            .Select(claim => claim.Value.Split('@'))
            .Where(grant => grant is [var role, _] && roles.Contains(role))
            .Select(grant => grant[1])
            .Distinct()];
        return OfTheWholeHub.Contains(permission) ? SiteScope.None : new SiteScope(sites);
    }

    /// <summary>Whether the person or token behind a request may do this, at some site at least.</summary>
    public static bool May(this ClaimsPrincipal who, Permission permission) => !who.ScopeOf(permission).IsEmpty;

    /// <summary>Whether the person or token behind a request may do this at the site.</summary>
    public static bool May(this ClaimsPrincipal who, Permission permission, string site) => who.ScopeOf(permission).Holds(site);

    /// <summary>Lets a route be used only by those who hold the permission.</summary>
    public static TBuilder Requires<TBuilder>(this TBuilder route, Permission permission)
        where TBuilder : IEndpointConventionBuilder =>
        route.RequireAuthorization(permission.ToString()).WithMetadata(new PermissionMetadata(permission));

    /// <summary>Lets a route be used by those who hold one of the two; which of them it takes depends on what the request asks for, and the route sees to it.</summary>
    public static TBuilder RequiresAny<TBuilder>(this TBuilder route, Permission one, Permission other)
        where TBuilder : IEndpointConventionBuilder =>
        route.RequireAuthorization(policy => policy.RequireAuthenticatedUser().RequireAssertion(request => request.User.May(one) || request.User.May(other)))
            .WithMetadata(new PermissionMetadata(one, other));
}

/// <summary>Which permissions a route demands, of which one is enough; for tests, refusals and the API's description.</summary>
public sealed class PermissionMetadata(params Permission[] anyOf)
{
    public IReadOnlyList<Permission> AnyOf => anyOf;

    /// <summary>Who holds one of them, in the order of <see cref="People.Roles.All"/>.</summary>
    public IReadOnlyList<string> Roles => [.. People.Roles.All.Where(role => anyOf.Any(permission => Permissions.RolesOf(permission).Contains(role)))];

    public override string ToString() => string.Join(" or ", anyOf);
}
