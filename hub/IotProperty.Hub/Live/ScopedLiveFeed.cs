using System.Runtime.CompilerServices;
using IotProperty.Hub.People;

namespace IotProperty.Hub.Live;

/// <summary>The feed as somebody hears it who may see some sites only.</summary>
internal sealed class ScopedLiveFeed(ILiveFeed feed, SiteScope scope) : ILiveFeed
{
    public void Publish(LiveEvent change) => feed.Publish(change);

    public IAsyncEnumerable<LiveEvent> WatchAsync(CancellationToken cancellationToken)
    {
        // Watched from now on, not from the first step.
        IAsyncEnumerable<LiveEvent> all = feed.WatchAsync(cancellationToken);
        return scope.IsAll ? all : NarrowAsync(all, cancellationToken);
    }

    private async IAsyncEnumerable<LiveEvent> NarrowAsync(IAsyncEnumerable<LiveEvent> all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (LiveEvent change in all.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (change.Kind == LiveKind.Everything || scope.Holds(change.Site))
            {
                yield return change;
            }
        }
    }
}
