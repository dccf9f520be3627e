using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;

namespace IotProperty.Hub.Enrolment;

/// <summary>Registers the authority and those who work with it.</summary>
internal static class EnrolmentServices
{
    /// <summary>The part that commands need too. Asks for <see cref="People.PeopleServices.AddPeople"/>.</summary>
    public static IServiceCollection AddEnrolment(this IServiceCollection services, HubConfiguration configuration, DataFolder folder)
    {
        services.AddSingleton(provider => new AuthoritySource(
            configuration.Authority, folder, shared: configuration.Ledger is not null, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<EdgeInvitations>();
        services.AddSingleton<EdgeCertificates>();
        services.AddSingleton<CertificateJudge>();
        services.AddSingleton<IEdgeCertificates>(provider => provider.GetRequiredService<CertificateJudge>());
        services.AddSingleton<EnrolmentDesk>();
        return services;
    }

    /// <summary>For a hub with a front door, and perhaps a broker before it. Asks for <see cref="AddEnrolment"/> and the open folder.</summary>
    public static IServiceCollection AddRevocationWatch(this IServiceCollection services, HubConfiguration configuration, DataFolder folder)
    {
        services.AddSingleton<RevocationWatch>().AddHostedService(provider => provider.GetRequiredService<RevocationWatch>());
        return configuration.Broker is null
            ? services
            : services.AddSingleton(provider => ActivatorUtilities.CreateInstance<BrokerList>(provider, folder))
                .AddHostedService(provider => provider.GetRequiredService<BrokerList>());
    }
}
