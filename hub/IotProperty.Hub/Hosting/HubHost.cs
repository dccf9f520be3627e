using System.Net;
using IotProperty.Hub.Api;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Control;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Ingest.Broker;
using IotProperty.Hub.Live;
using IotProperty.Hub.Pages;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry.Personal;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tracing;
using Microsoft.AspNetCore.DataProtection.KeyManagement;


namespace IotProperty.Hub.Hosting;

/// <summary>Puts the hub together: which rooms there are, where it listens, in which order a request passes. Started and stopped by its owner.</summary>
public sealed class HubHost
{
    private readonly FrontDoors _doors;

    private HubHost(FrontDoors doors, WebApplication application)
    {
        _doors = doors;
        Application = application;
    }

    public WebApplication Application { get; }

    /// <summary>Where pages and API really listen; known after the start.</summary>
    public IPEndPoint HttpEndPoint => _doors.Http;

    /// <summary>Where edges really connect; known after the start.</summary>
    public IPEndPoint MqttEndPoint => _doors.Mqtt;

    /// <summary>For people to open; known after the start.</summary>
    public Uri HttpAddress => _doors.HttpAddress;

    /// <summary>Builds a hub over an open data folder. <paramref name="change"/> lets a test replace a room.</summary>
    public static HubHost Build(HubSettings settings, DataFolder folder, TimeProvider time, Action<IServiceCollection>? change = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(folder);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "iotp-hub", ContentRootPath = folder.Path });
        builder.Services.AddRoutingCore();
        HubLogging.Configure(builder.Logging);
        builder.Services.AddSingleton(time);
        builder.Services.AddTraces(settings.Configuration.Tracing);
        builder.Services.AddLedger(settings.Configuration.Ledger, folder, settings.Configuration.PersonalKeyFile);
        builder.Services.AddHostedService(provider => provider.GetRequiredService<PersonalVault>());
        builder.Services.AddLedgerJobs(shared: settings.Configuration.Ledger is not null);
        builder.Services.AddTelemetry(settings.Configuration.Telemetry, folder);
        builder.Services.AddUplinkIngest();
        builder.Services.AddPeople(folder).AddLogin(folder, shared: settings.Configuration.Ledger is not null);
        builder.Services.AddLive(shared: settings.Configuration.Ledger is not null);
        builder.Services.AddFrontDoor(new FrontDoorOptions { Passwords = settings.Configuration.Passwords });
        builder.Services.AddEnrolment(settings.Configuration, folder).AddRevocationWatch(settings.Configuration, folder);
        builder.Services.AddBroker(settings.Configuration.Broker);
        builder.Services.AddCommands();
        builder.Services.AddSingleton<MetricsText>().AddSingleton<FrontDoorMeter>();
        builder.Services.AddHubApi();
        builder.Services.AddHubPages();
        builder.Services.AddRequestRates(settings.Limits);
        change?.Invoke(builder.Services);

        FrontDoors doors = new(settings);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(doors.Listen);
        HubHost host = new(doors, builder.Build());
        host.MapRequests(isTraced: settings.Configuration.Tracing is not null);
        return host;
    }

    /// <summary>Brings the databases up to date. Before the start.</summary>
    public void Prepare()
    {
        IServiceProvider services = Application.Services;
        services.GetRequiredService<LedgerDatabase>().Prepare();
        if (services.GetService<PostgresLedgerDatabase>() is { } shared)
        {
            PostgresKeyRepository.EnsureKey(shared, services.GetRequiredService<IKeyManager>(), services.GetRequiredService<TimeProvider>());
        }

        _ = Application.Services.GetRequiredService<ITelemetryStore>();

        // Who listens late has missed what was counted before.
        _ = Application.Services.GetRequiredService<MetricsText>();
        _ = Application.Services.GetRequiredService<FrontDoorMeter>();
    }

    /// <summary>On a new hub: the administrator, whose one-time password is now in <see cref="FirstPasswordFile"/>.</summary>
    public async Task<OneTimeSecret?> EnsureAdministratorAsync(CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = Application.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<PeopleRegister>().EnsureAdministratorAsync(cancellationToken);
    }

    /// <summary>Leaves the head of the audit chain in the log, which stands elsewhere than the ledger: whoever cuts the chain's end off does not reach it.</summary>
    public async Task LogAuditHeadAsync()
    {
        AuditHead head = await Application.Services.GetRequiredService<AuditDesk>().HeadAsync(CancellationToken.None) ?? new AuditHead(0, AuditChain.Start);
        AuditLog.Head(Application.Services.GetRequiredService<ILogger<AuditDesk>>(), head);
    }

    private void MapRequests(bool isTraced)
    {
        WebApplication app = Application;
        if (isTraced)
        {
            app.UseMiddleware<RequestSpans>();
        }

        app.UseMiddleware<SecurityHeaders>();
        app.UseExceptionHandler();
        app.UseRequestLocalization();
        app.UseStatusCodePages(ErrorPages.WriteAsync);
        app.UseRouting();
        app.UseAuthentication();
        app.UseMiddleware<ActingMiddleware>();
        app.UseRateLimiter();
        app.UseMiddleware<OneTimePasswordGate>();
        app.UseAuthorization();
        app.UseMiddleware<SiteScopeMiddleware>();
        app.UseMiddleware<CookieWriteGuard>();
        app.MapHealth();
        app.MapMetrics();
        app.MapPageFiles();
        app.MapLive();
        app.MapHubApi();
        app.MapEnrolment();
        app.MapHubPages();
    }
}
