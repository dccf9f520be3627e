using IotProperty.Hub.Hosting;

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

    public static async Task<PeopleScope> OpenAsync(string dataFolder, TimeProvider time, CancellationToken cancellationToken)
    {
        DataFolder folder = DataFolder.Open(dataFolder);
        await PeopleSchema.ApplyAsync(folder, cancellationToken);
        return new PeopleScope(new ServiceCollection().AddPeople(folder, time).BuildServiceProvider());
    }

    public T Get<T>()
        where T : notnull => _scope.ServiceProvider.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await _scope.DisposeAsync();
        await _provider.DisposeAsync();
    }
}
