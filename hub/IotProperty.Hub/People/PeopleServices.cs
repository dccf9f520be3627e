using IotProperty.Hub.Audit;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Ingest.Broker;
using IotProperty.Hub.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.People;

/// <summary>Registers who may enter.</summary>
internal static class PeopleServices
{
    private const string EitherScheme = "cookie-or-token";

    // OWASP's figure for PBKDF2 with HMAC-SHA512.
    private const int HashRounds = 210_000;

    /// <summary>
    /// The part that commands need too: people, tokens and edge credentials in the ledger's database. Asks for a <see cref="LedgerDatabase"/> and a
    /// <see cref="TimeProvider"/>.
    /// </summary>
    /// <param name="services">Where to.</param>
    /// <param name="folder">Where the first administrator's password waits.</param>
    public static IServiceCollection AddPeople(this IServiceCollection services, DataFolder folder)
    {
        services.AddSingleton(new FirstPasswordFile(folder));
        services.AddLogging();
        services.AddDbContextFactory<PeopleContext>((provider, options) =>
            provider.GetRequiredService<LedgerDatabase>().Configure((DbContextOptionsBuilder<PeopleContext>)options));
        services.AddIdentityCore<Person>(options =>
        {
            options.Password.RequiredLength = 12;
            options.Password.RequireDigit = false;
            options.Password.RequireUppercase = false;
            options.Password.RequireLowercase = false;
            options.Password.RequireNonAlphanumeric = false;
            options.Password.RequiredUniqueChars = 5;
            options.Lockout.MaxFailedAccessAttempts = 5;
            options.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(5);
        }).AddEntityFrameworkStores<PeopleContext>();
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = HashRounds);
        services.AddSingleton<IPasswordHasher<EdgeCredential>, PasswordHasher<EdgeCredential>>();
        services.AddSingleton<EdgeCredentials>();
        services.AddSingleton<IEdgeCredentials>(provider => provider.GetRequiredService<EdgeCredentials>());
        services.AddSingleton<IEdgeRegister>(provider => provider.GetRequiredService<EdgeCredentials>());
        services.AddSingleton<AuditBook>();
        services.AddScoped<PersonLock>();
        services.AddScoped<PeopleRegister>();
        services.AddScoped<RoleGrants>();
        services.AddScoped<ApiTokens>();
        services.AddSingleton<PasswordDecoy>();
        return services;
    }

    /// <summary>Login by cookie, tokens by header, and a policy for each permission. A route that names none is for those who are logged in.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="folder">Where the keys of cookies lie.</param>
    /// <param name="shared">Whether they lie in PostgreSQL instead, for all hubs on it.</param>
    public static IServiceCollection AddLogin(this IServiceCollection services, DataFolder folder, bool shared)
    {
        IDataProtectionBuilder keys = services.AddDataProtection().SetApplicationName("iotp-hub");
        if (shared)
        {
            services.AddOptions<KeyManagementOptions>()
                .Configure<PostgresLedgerDatabase>((options, database) => options.XmlRepository = new PostgresKeyRepository(database));
        }
        else
        {
            keys.PersistKeysToFileSystem(folder.Keys);
        }

        services.AddScoped<IUserClaimsPrincipalFactory<Person>, PersonClaims>();
        services.AddScoped<SignInManager<Person>>();
        services.AddScoped<LoginDesk>();
        services.AddScoped<AccessCheck>();
        services.AddHttpContextAccessor();
        services.Configure<SecurityStampValidatorOptions>(options => options.ValidationInterval = TimeSpan.FromMinutes(1));
        services.AddScoped<ISecurityStampValidator, SecurityStampValidator<Person>>();
        services.AddScoped<ITwoFactorSecurityStampValidator, TwoFactorSecurityStampValidator<Person>>();
        services.AddAuthentication(EitherScheme)
            .AddPolicyScheme(EitherScheme, null, options => options.ForwardDefaultSelector =
                context => ApiTokenHandler.IsBearer(context.Request) ? ApiTokenHandler.SchemeName : IdentityConstants.ApplicationScheme)
            .AddScheme<AuthenticationSchemeOptions, ApiTokenHandler>(ApiTokenHandler.SchemeName, null)
            .AddCookie(IdentityConstants.ApplicationScheme, options =>
            {
                options.Cookie.Name = "iotp-login";
                options.Cookie.HttpOnly = true;
                options.Cookie.SameSite = SameSiteMode.Lax;
                options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                options.ExpireTimeSpan = SessionLife.Idle;
                options.SlidingExpiration = true;
                options.Events.OnRedirectToLogin = context => Refusals.NotLoggedInAsync(context.HttpContext);
                options.Events.OnRedirectToAccessDenied = context => Refusals.NotAllowedAsync(context.HttpContext);
                options.Events.OnSigningIn = SessionLife.BeginAsync;
                options.Events.OnValidatePrincipal = SessionLife.ValidateAsync;
            })

            // Never issued; but a login whose password was changed elsewhere is ended by signing out of this one too, which must be there.
            .AddCookie(IdentityConstants.TwoFactorRememberMeScheme);
        AuthorizationBuilder policies = services.AddAuthorizationBuilder();
        policies.SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        foreach (Permission permission in Enum.GetValues<Permission>())
        {
            policies.AddPolicy(permission.ToString(), policy => policy.RequireAuthenticatedUser().RequireAssertion(request => request.User.May(permission)));
        }

        return services;
    }
}
