using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.Scenarios.Hub;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>What the hub says of a declared loss.</summary>
public sealed record HubGap(string Lane, long Epoch, long FirstSequence, long LastSequence, DateTimeOffset From, DateTimeOffset To, long Records, string Reason);

/// <summary>
/// Everything that a check looks at: what the simulator's ledger and journal say, what the hub says, and what was broken meanwhile. Plain data, so that a check can be shown to
/// fail on evidence that somebody has tampered with.
/// </summary>
public sealed record Evidence
{
    /// <summary>Answers so shortly before the window's end may still be on their way, and so shortly after its start belong to the window before.</summary>
    public const long EdgeMs = 3_000;

    public required RunHistory History { get; init; }

    /// <summary>Windows overlap by twice <see cref="EdgeMs"/>, so that everything is judged inside one of them.</summary>
    public required Span Window { get; init; }

    /// <summary>Register reads of the window, and some from before it.</summary>
    public required IReadOnlyList<ServedRead> Reads { get; init; }

    /// <summary>Answers of the meters without registers, likewise.</summary>
    public required IReadOnlyList<ServedItems> Items { get; init; }

    /// <summary>Of the whole run.</summary>
    public required IReadOnlyList<JournalEntry> Journal { get; init; }

    /// <summary>Every read of a door's swipe counter, of the whole run.</summary>
    public required IReadOnlyList<ServedRead> DoorReads { get; init; }

    /// <summary>The hub's samples whose stamps the edge's clock can have shown in the window, by point.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<HubSample>> Samples { get; init; }

    /// <summary>Likewise.</summary>
    public required IReadOnlyList<HubReading> Readings { get; init; }

    /// <summary>Of the whole run.</summary>
    public required IReadOnlyList<HubTransition> Transitions { get; init; }

    /// <summary>Of the whole run.</summary>
    public required IReadOnlyList<HubAccessEvent> AccessEvents { get; init; }

    /// <summary>Of the whole run.</summary>
    public required IReadOnlyList<HubBatchSpan> Batches { get; init; }

    /// <summary>Of the whole run.</summary>
    public required IReadOnlyList<HubGap> Gaps { get; init; }

    /// <summary>What was last known of each series before the window.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<Placed>> Before { get; init; }

    /// <summary>By how much of itself a value of the hub may differ from what was served; 0 where its store keeps every bit.</summary>
    public required double RelativeError { get; init; }

    /// <summary>How often the edge was started so far.</summary>
    public required int Boots { get; init; }

    public bool IsJudged(long ms) => ms >= Window.FromMs + EdgeMs && ms < Window.ToMs - EdgeMs;
}

/// <summary>A value of the hub, put back on the real time line.</summary>
/// <param name="TimeMs">When it was really taken; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Value">Null for the word that the device did not answer.</param>
/// <param name="Ambiguous">Whether the edge's clock went through its stamp more than once, so that it may belong elsewhere.</param>
public readonly record struct Placed(long TimeMs, double? Value, bool Ambiguous);
