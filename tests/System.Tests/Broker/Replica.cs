using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Ingest.Broker;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.SystemTests.Broker;

/// <summary>One hub's subscription at a broker, over an ingest of the test.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private Replica(BrokerSubscription subscription) => Subscription = subscription;

    public BrokerSubscription Subscription { get; }

    /// <summary>Returns when the broker has granted the subscriptions.</summary>
    public static async Task<Replica> StartAsync(int port, IUplinkIngest ingest, BrokerOptions? options = null, BrokerSettings? settings = null)
    {
        options ??= new BrokerOptions { Retry = TimeSpan.FromMilliseconds(100), MaxRetry = TimeSpan.FromMilliseconds(200) };
        BrokerSubscription subscription = new(
            settings ?? new BrokerSettings { Host = "127.0.0.1", Port = port },
            options,
            ingest,
            new OnlyKnown(),
            new Random(5),
            TimeProvider.System,
            NullLogger<BrokerSubscription>.Instance);
        await subscription.StartAsync(CancellationToken.None);
        await subscription.FirstSubscribed.WaitAsync(Patience);
        return new Replica(subscription);
    }

    public async ValueTask DisposeAsync()
    {
        await Subscription.StopAsync(CancellationToken.None).WaitAsync(Patience);
        Subscription.Dispose();
    }

    /// <summary>Every site has an edge but those that the tests call strange.</summary>
    private sealed class OnlyKnown : IEdgeRegister
    {
        public ValueTask<bool> KnowsAsync(string site, CancellationToken cancellationToken) =>
            ValueTask.FromResult(!site.StartsWith("strange", StringComparison.Ordinal));
    }
}
