using System.Collections.Concurrent;
using System.Diagnostics;

namespace IotProperty.Tests;

/// <summary>
/// Records the spans of a source as long as it lives, as an exporter would. Everything in the process makes spans meanwhile: a test looks at those of its own trace, or runs
/// alone (<see cref="TracesCollection"/>).
/// </summary>
public sealed class RecordedSpans : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly ConcurrentQueue<Activity> _ended = [];
    private readonly SemaphoreSlim _news = new(0);

    /// <param name="source">The name of the source.</param>
    /// <param name="roots">Whether journeys that begin here are recorded; those with a recorded parent always are.</param>
    public RecordedSpans(string source, bool roots = true)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = listened => listened.Name == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => roots || (options.Parent.TraceFlags & ActivityTraceFlags.Recorded) != 0 || options.Tags?.Any() == true
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.PropagationData,
            ActivityStopped = ended =>
            {
                if (ended.Recorded)
                {
                    _ended.Enqueue(ended);
                    _news.Release();
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Those that have ended, in this order.</summary>
    public IReadOnlyList<Activity> Ended => [.. _ended];

    /// <summary>The only one of this name; awaited within a generous bound.</summary>
    /// <param name="of">Only those of its trace: what else runs in the process makes spans too.</param>
    public async Task<Activity> OneAsync(string name, Activity? of = null) => Assert.Single(await SomeAsync(name, 1, of));

    /// <summary>So many of this name; awaited within a generous bound.</summary>
    public async Task<IReadOnlyList<Activity>> SomeAsync(string name, int count, Activity? of = null)
    {
        while (true)
        {
            Activity[] found = [.. _ended.Where(span => span.OperationName == name && (of is null || span.TraceId == of.TraceId))];
            if (found.Length >= count)
            {
                return found;
            }

            Assert.True(await _news.WaitAsync(TimeSpan.FromSeconds(60)), $"{found.Length} of {count} spans '{name}'; there are: {string.Join(", ", _ended.Select(span => span.OperationName))}");
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _news.Dispose();
    }
}

/// <summary>A listener hears the whole process.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TracesCollection
{
    public const string Name = "traces";
}
