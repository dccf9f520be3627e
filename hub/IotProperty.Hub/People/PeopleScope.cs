using IotProperty.Hub.Audit;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Storage;

namespace IotProperty.Hub.People;

/// <summary>The people's services for one command, over the data folder of a hub that may be running.</summary>
internal sealed class PeopleScope : IAsyncDisposable
{
    private readonly ServiceProvider _provider;
    private readonly AsyncServiceScope _scope;

    private PeopleScope(ServiceProvider provider)
    {
        _provider = provider;
        _scope = provider.CreateAsyncScope();
    }

    /// <param name="dataFolder">The hub's folder.</param>
    /// <param name="configurationFile">Null: <c>hub.yaml</c> in the folder, if it is there.</param>
    /// <param name="time">The clock.</param>
    public static PeopleScope Open(string dataFolder, string? configurationFile, TimeProvider time)
    {
        Acting.As(new Actor(ActorKind.Command, Environment.UserName, "command line"));
        HubConfiguration configuration = HubConfiguration.Load(configurationFile, dataFolder);
        var folder = DataFolder.Open(dataFolder);
        ServiceProvider provider = new ServiceCollection()
            .AddSingleton(time)
            .AddLedgerDatabase(configuration.Ledger, folder)
            .AddPeople(folder)
            .AddEnrolment(configuration, folder)
            .BuildServiceProvider();
        try
        {
            provider.GetRequiredService<LedgerDatabase>().Prepare();
            return new PeopleScope(provider);
        }
        catch
        {
            provider.Dispose();
            throw;
        }
    }

    public T Get<T>()
        where T : notnull => _scope.ServiceProvider.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await _scope.DisposeAsync();
        await _provider.DisposeAsync();
    }
}
