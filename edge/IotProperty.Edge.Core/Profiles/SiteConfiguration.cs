using System.Collections.Immutable;
using System.Net;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>One site as its file and profiles describe it: complete, checked and immutable. Made from files by the reader beside it, or directly in tests.</summary>
public sealed record SiteConfiguration
{
    /// <summary>[a-z0-9-]{1,40}; also the MQTT client id and topic level.</summary>
    public required string Id { get; init; }

    public required LocalText Name { get; init; }

    public required TimeZoneInfo TimeZone { get; init; }

    public required UplinkConfiguration Uplink { get; init; }

    public HealthConfiguration? Health { get; init; }

    /// <summary>Null: the edge makes no traces.</summary>
    public TracingConfiguration? Tracing { get; init; }

    public OutboxConfiguration Outbox { get; init; } = new();

    /// <summary>How often the edge tells the hub of its lines. Seconds; 0 for never.</summary>
    public int DiagnosticsEverySeconds { get; init; } = 60;

    /// <summary>In the order of the file; device ids are unique over all lines.</summary>
    public required ImmutableArray<LineConfiguration> Lines { get; init; }

    /// <summary>The site's own rules in the order of its file, then those that devices have from their profiles.</summary>
    public ImmutableArray<AlarmRuleConfiguration> Alarms { get; init; } = [];

    /// <summary>Who may pass which door; empty when the site names no list.</summary>
    public ImmutableArray<CredentialConfiguration> Credentials { get; init; } = [];

    /// <summary>What the hub may order; null when it may order nothing.</summary>
    public CommandsConfiguration? Commands { get; init; }

    /// <summary>SHA-256 over the meaning of site file and used profiles, lower-case hexadecimal; comments and layout do not change it.</summary>
    public required string Hash { get; init; }

    /// <summary>All devices of all lines.</summary>
    public IEnumerable<DeviceConfiguration> Devices => Lines.SelectMany(line => line.Devices);
}

/// <summary>What the hub may order of the site's devices. What is not named here is refused.</summary>
/// <param name="Unlock">Doors and gates.</param>
/// <param name="Switch">Meters with a relay or valve; each has a <see cref="DeviceConfiguration.Control"/>.</param>
/// <param name="AuthorityFile">
/// The file with the authority that certifies the hub's key for commands, as written; null: the one that the edge's identity is from.
/// </param>
/// <param name="AnyClock">Whether commands are carried out while the edge's clock is not synchronised: then one may be carried out later than it should.</param>
public sealed record CommandsConfiguration(ImmutableArray<string> Unlock, ImmutableArray<string> Switch, string? AuthorityFile, bool AnyClock = false);

/// <param name="Listen">A loopback address; port 0 chooses a free one.</param>
public sealed record HealthConfiguration(IPEndPoint Listen);

/// <summary>The bounds of the store that holds what the hub has not yet.</summary>
public sealed record OutboxConfiguration
{
    /// <summary>The loss window of telemetry: it is synced to disk at least this often. Milliseconds, at most 1000.</summary>
    public int FlushMs { get; init; } = 1_000;

    public long MaxBytes { get; init; } = 268_435_456;

    /// <summary>How many batches of one lane may be on their way without a receipt.</summary>
    public int Window { get; init; } = 16;

    /// <summary>How often the hub hears at most what was recorded in the running hour. Seconds.</summary>
    public int TallySeconds { get; init; } = 300;
}

/// <summary>A bus with one master: the unit of concurrency.</summary>
public sealed record LineConfiguration
{
    public required string Id { get; init; }

    public required LineTransport Transport { get; init; }

    /// <summary>How long a device may take to answer. Milliseconds.</summary>
    public int TimeoutMs { get; init; } = 500;

    /// <summary>In the order of the file.</summary>
    public required ImmutableArray<DeviceConfiguration> Devices { get; init; }
}

/// <summary>One device on a line.</summary>
public sealed record DeviceConfiguration
{
    /// <summary>Unique within the site.</summary>
    public required string Id { get; init; }

    public required LocalText Name { get; init; }

    /// <summary>How the device is called on its line; the record that belongs to the profile's protocol.</summary>
    public required DeviceAddress Address { get; init; }

    public required DeviceProfile Profile { get; init; }

    /// <summary>Milliseconds between two polls.</summary>
    public required int PollMs { get; init; }

    /// <summary>Whether the device gets the alarm rules of its profile.</summary>
    public bool ProfileAlarms { get; init; } = true;

    /// <summary>Who may switch the device; null when nobody may.</summary>
    public DeviceControl? Control { get; init; }
}

/// <summary>One credential of the site's local access list.</summary>
/// <param name="Id">Names the credential in events; the card's number never does.</param>
/// <param name="Card">The card's number, as readers report it. Never logged.</param>
/// <param name="Doors">The devices that it opens.</param>
/// <param name="FromMs">The first millisecond of validity since the Unix epoch, UTC: midnight of the site's zone; null when valid since ever.</param>
/// <param name="ToMs">The first millisecond after validity; null when valid for ever.</param>
/// <param name="Blocked">Whether it opens nothing, whatever else is said.</param>
public sealed record CredentialConfiguration(string Id, ulong Card, ImmutableArray<string> Doors, long? FromMs, long? ToMs, bool Blocked)
{
    /// <summary>Without the card's number, which no log may hold.</summary>
    public override string ToString() => $"credential {Id}";
}
