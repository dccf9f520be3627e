using IotProperty.Hub.Commands;
using IotProperty.Tracing;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace IotProperty.Hub.Hosting.Configuration;

/// <summary>Reads <c>hub.yaml</c>. Never stops at the first mistake: all of them are told at once.</summary>
public static class HubConfigurationReader
{
    private const long MaxBytes = 65_536;

    /// <exception cref="UsageException">Every mistake, one a line, each with its place and mend.</exception>
    public static HubConfiguration Read(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        List<ConfigurationMistake> mistakes = [];
        HubConfiguration configuration = ReadRoot(file, ReadText(file), mistakes) is { } root ? ReadSections(root) : HubConfiguration.Embedded;
        return mistakes.Count == 0 ? configuration : throw new UsageException(string.Join(Environment.NewLine, mistakes.OrderBy(m => m.Line).ThenBy(m => m.Column)));
    }

    private static HubConfiguration ReadSections(ConfigurationSection root)
    {
        PostgresSettings? ledger = null;
        if (root.Section("ledger") is { } ledgerSection)
        {
            ledger = ledgerSection.Section("postgres") is { } postgres ? ReadPostgres(postgres) : null;
            ledgerSection.RefuseOthers();
        }

        TelemetrySettings? telemetry = root.Section("telemetry") is { } telemetrySection ? ReadTelemetry(telemetrySection) : null;
        if (telemetry is not null && ledger is null)
        {
            root.Mistake(root.Node, "telemetry needs ledger.postgres, because the keys of batches are kept there", "add ledger: { postgres: … }, or leave telemetry out");
        }

        BrokerSettings? broker = root.Section("broker") is { } brokerSection ? ReadBroker(brokerSection) : null;
        AuthoritySettings? authority = root.Section("authority") is { } authoritySection ? ReadAuthority(authoritySection) : null;
        PasswordEntry passwords = root.Section("frontDoor") is { } frontDoorSection ? ReadPasswordEntry(frontDoorSection) : PasswordEntry.Loopback;
        TracingSettings? tracing = root.Section("tracing") is { } tracingSection ? ReadTracing(tracingSection) : null;
        string? personalKeyFile = root.NewFilePath("personalKeyFile");
        root.RefuseOthers();
        return new HubConfiguration { Ledger = ledger, Telemetry = telemetry, Broker = broker, PersonalKeyFile = personalKeyFile, Authority = authority, Passwords = passwords, Tracing = tracing };
    }

    private static AuthoritySettings? ReadAuthority(ConfigurationSection section)
    {
        string? certificate = section.FilePath("certificateFile");
        string? key = section.FilePath("keyFile");
        section.RefuseOthers();
        if (certificate is null || key is null)
        {
            section.Mistake(section.Node, "authority needs certificateFile and keyFile", "name both, or leave authority out for the hub's own");
            return null;
        }

        return new AuthoritySettings { CertificateFile = certificate, KeyFile = key };
    }

    private static PasswordEntry ReadPasswordEntry(ConfigurationSection section)
    {
        PasswordEntry? entry = section.Text("passwords") switch
        {
            null or "loopback" => PasswordEntry.Loopback,
            "everywhere" => PasswordEntry.Everywhere,
            "never" => PasswordEntry.Never,
            _ => null,
        };
        section.RefuseOthers();
        if (entry is null)
        {
            section.Mistake(section.Node, "frontDoor.passwords is none of loopback, everywhere and never", "write loopback, or leave it out");
        }

        return entry ?? PasswordEntry.Loopback;
    }

    private static PostgresSettings ReadPostgres(ConfigurationSection section)
    {
        PostgresSettings settings = new()
        {
            Host = section.RequiredText("host", "127.0.0.1"),
            Port = section.Port("port", 5432),
            Database = section.RequiredText("database", "iotp"),
            User = section.RequiredText("user", "iotp"),
            Password = section.Secret("passwordFile"),
            Tls = section.Flag("tls"),
            CaFile = section.FilePath("caFile"),
        };
        section.RefuseOthers();
        return settings;
    }

    private static TelemetrySettings? ReadTelemetry(ConfigurationSection section)
    {
        ConfigurationSection? influx = section.Section("influx");
        ConfigurationSection? victoria = section.Section("victoriaMetrics");
        section.RefuseOthers();
        if (influx is not null && victoria is not null)
        {
            section.Mistake(victoria.Node, "telemetry names two stores", "keep influx or victoriaMetrics, not both");
        }

        return influx is not null ? ReadInflux(influx) : victoria is not null ? ReadVictoriaMetrics(victoria) : null;
    }

    private static InfluxSettings ReadInflux(ConfigurationSection section)
    {
        InfluxSettings settings = new()
        {
            Url = section.RequiredUrl("url", "http://127.0.0.1:8086"),
            Database = section.RequiredText("database", "iotp"),
            User = section.Text("user"),
            Password = section.Secret("passwordFile"),
        };
        section.RefuseOthers();
        return settings;
    }

    private static VictoriaMetricsSettings ReadVictoriaMetrics(ConfigurationSection section)
    {
        VictoriaMetricsSettings settings = new()
        {
            WriteUrl = section.RequiredUrl("writeUrl", "http://127.0.0.1:8428"),
            ReadUrl = section.RequiredUrl("readUrl", "http://127.0.0.1:8428"),
        };
        section.RefuseOthers();
        return settings;
    }

    private static BrokerSettings ReadBroker(ConfigurationSection section)
    {
        bool tls = section.Flag("tls");
        BrokerSettings settings = new()
        {
            Host = section.RequiredText("host", "127.0.0.1"),
            Port = section.Port("port", tls ? 8883 : 1883),
            Tls = tls,
            CaFile = section.FilePath("caFile"),
            User = section.Text("user"),
            Password = section.Secret("passwordFile"),
            Group = section.Text("group") ?? "hub",
        };
        if (settings.Group.AsSpan().ContainsAny("/+#"))
        {
            section.Mistake(section.Node, $"broker.group {settings.Group} cannot stand in a topic", "use letters, digits and '-'");
        }

        section.RefuseOthers();
        return settings;
    }

    private static TracingSettings ReadTracing(ConfigurationSection section)
    {
        const string Example = "http://127.0.0.1:4318";
        TracingSettings settings = new()
        {
            Endpoint = section.RequiredUrl("endpoint", Example),
            Ratio = section.Fraction("ratio", TracingSettings.StandardRatio),
            Headers = ReadHeaders(section),
        };
        if (settings.Endpoint.Query.Length > 0 || settings.Endpoint.Fragment.Length > 0)
        {
            section.MistakeAt("endpoint", "holds a query or a fragment", $"write the address alone, for instance {Example}; secrets belong in the file that headersFile names");
        }

        if (settings.Headers.Count > 0 && settings.Endpoint.Scheme == "http" && !settings.Endpoint.IsLoopback)
        {
            section.MistakeAt("endpoint", "would carry the headers over the network in the clear", "write https://…, or let a collector on this machine pass the traces on");
        }

        section.RefuseOthers();
        return settings;
    }

    private static IReadOnlyList<KeyValuePair<string, string>> ReadHeaders(ConfigurationSection section)
    {
        if (section.Secret("headersFile") is not { } text)
        {
            return [];
        }

        if (!OtlpHeaders.TryParse(text.Reveal(), out IReadOnlyList<KeyValuePair<string, string>>? headers, out string why))
        {
            section.MistakeAt("headersFile", $"names a file in which {why}", "write what the collector wants to be shown, one 'Name: value' a line");
        }

        return headers ?? [];
    }

    private static string ReadText(string file)
    {
        try
        {
            return new FileInfo(file).Length <= MaxBytes
                ? File.ReadAllText(file)
                : throw new UsageException($"{file}: is longer than {MaxBytes} bytes — a hub's configuration is a page; give the right file with --config");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file}: {unreadable.Message} — give a readable file with --config, or leave it out for an embedded hub");
        }
    }

    private static ConfigurationSection? ReadRoot(string file, string text, List<ConfigurationMistake> mistakes)
    {
        YamlStream stream = [];
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException broken)
        {
            mistakes.Add(new(file, broken.Start.Line, broken.Start.Column, $"this is not YAML: {broken.Message.ReplaceLineEndings(" ")}", "mend the indentation, quotes or brackets here or just above"));
            return null;
        }
        catch (InvalidOperationException)
        {
            // YamlDotNet's scanner answers some unbalanced brackets so, without a place.
            mistakes.Add(new(file, 1, 1, "this is not YAML: a bracket or brace is not closed", "close it"));
            return null;
        }

        switch (stream.Documents)
        {
            case []:
                return new ConfigurationSection(file, "", [], mistakes);
            case [{ RootNode: YamlMappingNode root }]:
                return new ConfigurationSection(file, "", root, mistakes);
            default:
                mistakes.Add(new(file, 1, 1, "the file is not one list of keys", "write the keys ledger, telemetry, broker, personalKeyFile, authority, frontDoor and tracing, as the README of hub/ shows"));
                return null;
        }
    }
}
