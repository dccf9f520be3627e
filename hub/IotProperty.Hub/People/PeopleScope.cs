using IotProperty.Hub.Hosting;
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

    public static PeopleScope Open(string dataFolder, TimeProvider time)
    {
        LedgerDatabase ledger = new(DataFolder.Open(dataFolder).LedgerFile, time);
        ledger.Prepare();
        return new PeopleScope(new ServiceCollection().AddSingleton(time).AddSingleton(ledger).AddPeople().BuildServiceProvider());
    }

    public T Get<T>()
        where T : notnull => _scope.ServiceProvider.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await _scope.DisposeAsync();
        await _provider.DisposeAsync();
    }
}
