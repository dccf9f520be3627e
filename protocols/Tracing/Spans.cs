using System.Diagnostics;

namespace IotProperty.Tracing;

/// <summary>
/// Traces that pass channels and wires. A journey is followed only where its context is recorded, so that without tracing, and for what was not sampled, nothing is made.
/// </summary>
internal static class Spans
{
    /// <summary>A root span with this tag is recorded whatever the ratio: it begins something rare that somebody will ask about, such as a card at a door.</summary>
    public const string Event = "iotp.event";

    /// <summary>The name of an attribute: how something ended.</summary>
    public const string Outcome = "iotp.outcome";

    private static readonly KeyValuePair<string, object?>[] EventTags = [new(Event, true)];

    public static bool IsRecorded(this in ActivityContext context) => (context.TraceFlags & ActivityTraceFlags.Recorded) != 0;

    /// <summary>The journey that the caller is part of; default where none is recorded. Cheap without listeners.</summary>
    public static ActivityContext Here(this ActivitySource source) =>
        source.HasListeners() && Activity.Current is { Recorded: true } current ? current.Context : default;

    /// <summary>The next span of a journey; null where it is not recorded.</summary>
    public static Activity? Continue(this ActivitySource source, string name, in ActivityContext parent, ActivityKind kind = ActivityKind.Internal) =>
        parent.IsRecorded() ? source.StartActivity(name, kind, parent) : null;

    /// <summary>The next span of a recorded journey, and else the first of a journey of its own that is always recorded.</summary>
    public static Activity? ContinueOrBegin(this ActivitySource source, string name, in ActivityContext parent) =>
        source.HasListeners() ? source.StartActivity(name, ActivityKind.Internal, parent.IsRecorded() ? parent : default, EventTags) : null;

    /// <summary>
    /// Journeys that go on together: the first is continued by the span that is returned; of each other one a span of the same name ends at once with a link to that one, so
    /// that every trace leads to where its journey went. Null where none is recorded.
    /// </summary>
    public static Activity? Join(this ActivitySource source, string name, IReadOnlyList<ActivityContext> parents)
    {
        if (parents.Count == 0 || source.Continue(name, parents[0]) is not { } first)
        {
            return null;
        }

        for (int i = 1; i < parents.Count; i++)
        {
            if (source.Continue(name, parents[i]) is { } other)
            {
                other.AddLink(new ActivityLink(first.Context));
                other.Stop();
            }
        }

        return first;
    }

    /// <summary>A span that outlives the call: it does not become the caller's present one.</summary>
    public static Activity? ContinueApart(this ActivitySource source, string name, in ActivityContext parent, ActivityKind kind = ActivityKind.Internal)
    {
        Activity? before = Activity.Current;
        Activity? begun = source.Continue(name, parent, kind);
        Activity.Current = before;
        return begun;
    }

    /// <summary>Ends what <see cref="ContinueApart"/> began, wherever that is known.</summary>
    public static void StopApart(this Activity span)
    {
        Activity? before = Activity.Current;
        span.Stop();
        Activity.Current = before;
    }

    /// <param name="why">For people; holds no secret and nothing personal.</param>
    public static void Fail(this Activity? span, string why) => span?.SetStatus(ActivityStatusCode.Error, why);
}
