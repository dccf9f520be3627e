namespace IotProperty.Hub.Hosting.Configuration;

/// <summary>What <c>hub.yaml</c> says: on which engines this hub stands. What is not named is embedded.</summary>
public sealed record HubConfiguration
{
    /// <summary>The file's name in the data folder, where no other is given.</summary>
    public const string FileName = "hub.yaml";

    /// <summary>Nothing to install: SQLite in the data folder and the hub's own front door.</summary>
    public static HubConfiguration Embedded { get; } = new();

    /// <summary>Null: <c>ledger.db</c> in the data folder.</summary>
    public PostgresSettings? Ledger { get; init; }

    /// <summary>Null: <c>telemetry.db</c> in the data folder.</summary>
    public TelemetrySettings? Telemetry { get; init; }

    /// <summary>Null: edges come to the hub's own front door only.</summary>
    public BrokerSettings? Broker { get; init; }

    /// <summary>The file with the keys of personal data; null: <c>personal.keys</c> in the data folder.</summary>
    public string? PersonalKeyFile { get; init; }

    /// <summary>Null: the hub's own, in its data folder.</summary>
    public AuthoritySettings? Authority { get; init; }

    /// <summary>Null: the hub makes no traces.</summary>
    public TracingSettings? Tracing { get; init; }

    /// <summary>Who may enter without a certificate.</summary>
    public PasswordEntry Passwords { get; init; }

    /// <summary>Reads the file that was named, or <see cref="FileName"/> in the data folder when it is there; otherwise the hub is embedded.</summary>
    /// <exception cref="Commands.UsageException">Every mistake at once, each with its place and mend.</exception>
    public static HubConfiguration Load(string? file, string dataFolder)
    {
        if (file is not null)
        {
            return HubConfigurationReader.Read(file);
        }

        string usual = Path.Combine(dataFolder, FileName);
        return File.Exists(usual) ? HubConfigurationReader.Read(usual) : Embedded;
    }
}
