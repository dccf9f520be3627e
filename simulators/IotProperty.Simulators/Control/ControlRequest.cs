namespace IotProperty.Simulators.Control;

/// <summary>
/// One line on the control socket, as JSON. Which members matter depends on <see cref="Op"/>: <c>status</c>, <c>fault</c>, <c>clear</c>, <c>swipe</c>,
/// <c>ledger</c>, <c>items</c>, <c>events</c>, <c>await</c>.
/// </summary>
public sealed record ControlRequest
{
    public required string Op { get; init; }

    /// <summary>A device; for <c>fault</c> and <c>clear</c> a serial line, too.</summary>
    public string? Device { get; init; }

    /// <summary><c>fault</c> and <c>clear</c>: the fault; for <c>clear</c> null means all of the device's.</summary>
    public string? Fault { get; init; }

    /// <summary><c>swipe</c>: the card's number.</summary>
    public string? Card { get; init; }

    /// <summary><c>ledger</c> and <c>await</c>: a value's name in the device's register map.</summary>
    public string? Register { get; init; }

    /// <summary><c>ledger</c>: a line, when no device is named.</summary>
    public string? Line { get; init; }

    public long? FromMs { get; init; }

    public long? ToMs { get; init; }

    /// <summary><c>await</c>: until the raw value is below this.</summary>
    public long? Below { get; init; }

    /// <summary><c>await</c>: until the raw value is above this.</summary>
    public long? Above { get; init; }

    public int? TimeoutMs { get; init; }
}

/// <summary>The last line of every answer. Items, where there are any, come before it, one a line.</summary>
/// <param name="Ok">Whether it was done.</param>
/// <param name="Error">Why not, with what exists; null when it was done.</param>
/// <param name="TimeMs">When; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Items">How many items came before this line.</param>
/// <param name="Raw"><c>await</c>: the raw value that ended the wait.</param>
public sealed record ControlReply(bool Ok, string? Error, long TimeMs, long Items, long? Raw);

/// <summary>The answer to <c>status</c>.</summary>
public sealed record SimulatorStatus(
    long Seed, string TimeOfDay, double Speed, double MeterSpeed, IReadOnlyDictionary<string, string> Lines, long ReadsServed, IReadOnlyList<DeviceStatus> Devices, IReadOnlyList<LineStatus> SerialLines);

/// <param name="Address">How it is called on its line: <c>unit 11</c>, <c>address 202600000001</c>.</param>
/// <param name="Registers">The raw values of its registers, by name.</param>
public sealed record DeviceStatus(
    string Id, string Kind, string Line, string Address, IReadOnlyCollection<string> Faults, IReadOnlyList<string> PossibleFaults, IReadOnlyDictionary<string, long> Registers)
{
    /// <summary>What a meter without registers shows, by name, in its units.</summary>
    public IReadOnlyDictionary<string, decimal>? Items { get; init; }
}

/// <summary>A serial line: what is wrong with it, and what it has carried.</summary>
/// <param name="Settings">Such as <c>2400 8E1</c>.</param>
/// <param name="Requests">Whole requests heard, those that nobody answered included.</param>
/// <param name="Collisions">Characters that two talkers sent at the same time.</param>
public sealed record LineStatus(
    string Id, string Settings, IReadOnlyCollection<string> Faults, IReadOnlyList<string> PossibleFaults, long Requests, long Replies, long Collisions);

/// <summary>An item of <c>ledger</c> for one register: what was shown, and when.</summary>
public sealed record ShownValue(long TimeMs, string Device, string Register, long Raw);

/// <summary>An item of <c>ledger</c> for one item of a meter.</summary>
public sealed record ShownItem(long TimeMs, string Device, string Item, decimal Value);
