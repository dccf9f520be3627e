using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using IotProperty.Hub.Tracing;

namespace IotProperty.Hub.Live;

/// <summary>
/// The feed as server-sent events. An event is named after its kind (<c>alarm</c>, <c>work-order</c>, <c>telemetry</c> …) and carries
/// <c>{"site":…,"id":…}</c>. Telemetry is told at most once a second for a site; everything else at once. <c>everything</c> comes first and after an
/// overflow; <c>beat</c> comes when nothing else did, so that a page can tell a quiet building from a dead connection.
/// </summary>
public static class LiveStream
{
    public static readonly TimeSpan TelemetryPause = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);

    public static async IAsyncEnumerable<SseItem<string>> ReadAsync(
        ILiveFeed feed, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feed);
        ArgumentNullException.ThrowIfNull(time);
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using IAsyncEnumerator<LiveEvent> changes = feed.WatchAsync(ending.Token).GetAsyncEnumerator(ending.Token);
        Dictionary<string, long> toldTelemetry = [];
        Dictionary<string, LiveEvent> heldTelemetry = [];

        // Begun before the first word: an enumerator that was never moved would not give back its place when the reader leaves at once.
        Task<bool> next = changes.MoveNextAsync().AsTask();
        try
        {
            yield return ToItem(new LiveEvent(LiveKind.Everything, "", ""));
            while (true)
            {
                Task pause = Task.Delay(heldTelemetry.Count > 0 ? TelemetryPause : Beat, time, ending.Token);
                if (await Task.WhenAny(next, pause).ConfigureAwait(false) != next)
                {
                    if (cancellationToken.IsCancellationRequested)
                    {
                        yield break;
                    }

                    if (heldTelemetry.Count == 0)
                    {
                        yield return new SseItem<string>("{}", "beat");
                    }

                    foreach (LiveEvent held in heldTelemetry.Values)
                    {
                        toldTelemetry[held.Site] = time.GetTimestamp();
                        using Activity? push = HubTraces.BeginPush(held);
                        yield return ToItem(held with { Id = "" });
                    }

                    heldTelemetry.Clear();
                    continue;
                }

                if (!await next.ConfigureAwait(false))
                {
                    yield break;
                }

                LiveEvent change = changes.Current;
                next = changes.MoveNextAsync().AsTask();
                if (change.Kind != LiveKind.Telemetry)
                {
                    using Activity? push = HubTraces.BeginPush(change);
                    yield return ToItem(change);
                }
                else if (toldTelemetry.TryGetValue(change.Site, out long told) && time.GetElapsedTime(told) < TelemetryPause)
                {
                    heldTelemetry.TryAdd(change.Site, change);
                }
                else
                {
                    toldTelemetry[change.Site] = time.GetTimestamp();
                    heldTelemetry.Remove(change.Site);
                    using Activity? push = HubTraces.BeginPush(change);
                    yield return ToItem(change with { Id = "" });
                }
            }
        }
        finally
        {
            // The enumerator must not be disposed of while a step is under way.
            await ending.CancelAsync().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The stream until its reader may no longer read it, which is asked before each event, at most once in the time of a <see cref="Beat"/>.</summary>
    public static async IAsyncEnumerable<SseItem<string>> WhileAllowedAsync(
        IAsyncEnumerable<SseItem<string>> stream, TimeProvider time, Func<CancellationToken, Task<bool>> isAllowed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(isAllowed);
        long asked = time.GetTimestamp();
        await foreach (SseItem<string> item in stream.WithCancellation(cancellationToken))
        {
            if (time.GetElapsedTime(asked) >= Beat)
            {
                if (!await isAllowed(cancellationToken))
                {
                    yield break;
                }

                asked = time.GetTimestamp();
            }

            yield return item;
        }
    }

    /// <summary>The event's name: the kind in lower case, words joined by '-'.</summary>
    public static string NameOf(LiveKind kind) => kind switch
    {
        LiveKind.Telemetry => "telemetry",
        LiveKind.Alarm => "alarm",
        LiveKind.WorkOrder => "work-order",
        LiveKind.Access => "access",
        LiveKind.Reading => "reading",
        LiveKind.Invoice => "invoice",
        LiveKind.Edge => "edge",
        LiveKind.Everything => "everything",
        LiveKind.Command => "command",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind"),
    };

    private static SseItem<string> ToItem(LiveEvent change) =>
        new(JsonSerializer.Serialize(new { site = change.Site, id = change.Id }), NameOf(change.Kind));
}
