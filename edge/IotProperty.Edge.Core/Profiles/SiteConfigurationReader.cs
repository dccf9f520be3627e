using System.Collections.Immutable;
using System.Net;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>
/// Makes a <see cref="SiteConfiguration"/> from the texts of a site, or names every mistake in them. Two steps, because the site file names further files:
/// <see cref="References"/> says which, the shell reads them, <see cref="Read"/> does the rest.
/// </summary>
public sealed class SiteConfigurationReader
{
    /// <summary>Left for what the edge adds about itself.</summary>
    private const int OwnStateBytes = 2_048;

    private readonly SiteSources _sources;
    private readonly List<ConfigurationMistake> _mistakes = [];
    private readonly Dictionary<string, ProfileFile> _profiles = [];

    /// <summary>Devices by id; the value is null where the device itself holds a mistake, so that nothing else complains about it.</summary>
    private readonly Dictionary<string, (SourcePosition At, DeviceConfiguration? Device)> _devices = [];

    private SiteConfigurationReader(SiteSources sources) => _sources = sources;

    /// <summary>Which other files the site file names. Forgiving: what is wrong with the file is <see cref="Read"/>'s to say.</summary>
    public static SiteReferences References(SourceText site)
    {
        ArgumentNullException.ThrowIfNull(site);
        YamlMapping? root = YamlTree.Read(site, []);
        return new SiteReferences(
            TextOf(root, "profiles"),
            TextOf(root?.Find("access") as YamlMapping, "credentials"),
            TextOf(root?.Find("uplink") as YamlMapping, "passwordFile"),
            TextOf(root?.Find("uplink") as YamlMapping, "connectionStringFile"),
            TextOf(root?.Find("uplink") as YamlMapping, "rootsFile"),
            TextOf(root?.Find("uplink") as YamlMapping, "identity"),
            TextOf(root?.Find("commands") as YamlMapping, "authorityFile"),
            TextOf(root?.Find("tracing") as YamlMapping, "headersFile"));

        static string? TextOf(YamlMapping? mapping, string key) => mapping?.Find(key) is YamlScalar { Text.Length: > 0 } scalar ? scalar.Text : null;
    }

    /// <summary>Reads and checks everything.</summary>
    public static SiteReadResult Read(SiteSources sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        SiteConfigurationReader reader = new(sources);
        SiteConfiguration? site = reader.ReadAll();
        string siteFile = sources.Site.File;
        ImmutableArray<ConfigurationMistake> mistakes =
        [
            .. reader._mistakes.OrderBy(m => m.File == siteFile ? 0 : 1).ThenBy(m => m.File, StringComparer.Ordinal).ThenBy(m => m.Line).ThenBy(m => m.Column),
        ];
        return new SiteReadResult(mistakes.IsEmpty ? site : null, mistakes);
    }

    /// <summary>Checks profiles alone, as they ship; returns their mistakes and those that are whole.</summary>
    public static (ImmutableArray<DeviceProfile> Profiles, ImmutableArray<ConfigurationMistake> Mistakes) ReadProfiles(IEnumerable<SourceText> sources, IItemDictionary items)
    {
        ArgumentNullException.ThrowIfNull(sources);
        List<ConfigurationMistake> mistakes = [];
        ImmutableArray<DeviceProfile> profiles = [.. sources.Select(source => ProfileReader.Read(source, items, mistakes).Profile).OfType<DeviceProfile>()];
        return (profiles, [.. mistakes]);
    }

    private SiteConfiguration? ReadAll()
    {
        YamlMapping? tree = YamlTree.Read(_sources.Site, _mistakes);
        ReadProfiles(tree);
        if (tree is null)
        {
            return null;
        }

        MappingReader site = new(tree, "a site file", _mistakes);
        string? id = site.Id("site", "write site: the id that `iotp-hub edge add` was given");
        LocalText? name = site.Name("name", "write name: { en: …, zh-CN: … }");
        TimeZoneInfo? zone = ReadTimeZone(site);
        UplinkConfiguration? uplink = UplinkReader.Read(site, id, _sources);
        HealthConfiguration? health = ReadHealth(site);
        TracingConfiguration? tracing = TracingReader.Read(site, _sources);
        OutboxConfiguration outbox = ReadOutbox(site);
        int diagnosticsEverySeconds = ReadDiagnostics(site);
        site.Text("profiles");
        if (_sources.ProfilesProblem.Length > 0)
        {
            site.AddAt("profiles", _sources.ProfilesProblem, "name a folder with profile files, relative to this file, or leave 'profiles' out");
        }

        ImmutableArray<LineConfiguration> lines = new LineReader(_profiles, _devices).Read(site);
        AlarmRuleReader alarmReader = new(_devices);
        ImmutableArray<AlarmRuleConfiguration> alarms = [.. alarmReader.Read(site), .. alarmReader.ReadDefaults(site)];
        ImmutableArray<CredentialConfiguration> credentials = new CredentialListReader(_sources.Credentials, _devices, zone).Read(site);
        CommandsConfiguration? commands = new CommandsReader(_devices).Read(site, uplink, _sources);
        site.Finish();
        if (id is null || name is null || zone is null || uplink is null || _mistakes.Count > 0)
        {
            return null;
        }

        SiteConfiguration read = new()
        {
            Id = id,
            Name = name.Value,
            TimeZone = zone,
            Uplink = uplink,
            Health = health,
            Tracing = tracing,
            Outbox = outbox,
            DiagnosticsEverySeconds = diagnosticsEverySeconds,
            Lines = lines,
            Alarms = alarms,
            Credentials = credentials,
            Commands = commands,
            Hash = ConfigurationHash.Of(tree, lines.SelectMany(l => l.Devices).Select(d => d.Profile.Id).Distinct().Select(used => _profiles[used].Tree!)),
        };
        CheckCatalogue(site, read);
        return read;
    }

    /// <summary>What the hub could not be told of would end every connection to it.</summary>
    private static void CheckCatalogue(MappingReader site, SiteConfiguration read)
    {
        const string Mend = "give some of the lines to another edge, as a site of its own";
        try
        {
            int bytes = EdgeStateCodec.Encode(new EdgeState(read.Id, Online: true, 1, "", read.Hash, 0, SiteCatalogues.Of(read))).Length;
            if (bytes > read.Uplink.MaxPayloadBytes - OwnStateBytes)
            {
                site.AddAt("lines", $"the devices, points and rules take {bytes} bytes to tell, and this uplink carries {read.Uplink.MaxPayloadBytes - OwnStateBytes}", Mend);
            }
        }
        catch (ArgumentException)
        {
            site.AddAt("lines", "the devices, points and rules are too many for one edge", Mend);
        }
    }

    private void ReadProfiles(YamlMapping? site)
    {
        HashSet<string> named = NamedProfiles(site);
        foreach (SourceText source in _sources.ShippedProfiles)
        {
            ProfileFile? unread = ProfileReader.Glance(source);
            Add(unread?.Id is null || named.Contains(unread.Id) ? ProfileReader.Read(source, _sources.Items, _mistakes) : unread);
        }

        foreach (SourceText source in _sources.Profiles)
        {
            Add(ProfileReader.Read(source, _sources.Items, _mistakes));
        }
    }

    private void Add(ProfileFile file)
    {
        if (file.Id is not null && !_profiles.TryAdd(file.Id, file))
        {
            SourcePosition first = _profiles[file.Id].At;
            _mistakes.Add(new(file.At.File, file.At.Line, file.At.Column, $"profile '{file.Id}' is already in {first.File}", "give one of the two another id"));
        }
    }

    /// <summary>The profiles that devices of the site file name. Forgiving: what is wrong with the file is told elsewhere.</summary>
    private static HashSet<string> NamedProfiles(YamlMapping? site) =>
    [
        .. ItemsOf(site, "lines").SelectMany(line => ItemsOf(line as YamlMapping, "devices"))
            .Select(device => (device as YamlMapping)?.Find("profile")).OfType<YamlScalar>().Select(profile => profile.Text),
    ];

    private static ImmutableArray<YamlNode> ItemsOf(YamlMapping? mapping, string key) => mapping?.Find(key) is YamlSequence sequence ? sequence.Items : [];

    private TimeZoneInfo? ReadTimeZone(MappingReader site)
    {
        string? zoneId = site.Text("timeZone", "write timeZone: the site's IANA zone, such as Asia/Shanghai");
        TimeZoneInfo? zone = zoneId is null ? null : _sources.FindTimeZone(zoneId);
        if (zoneId is not null && zone is null)
        {
            site.AddAt("timeZone", $"'{MappingReader.Bounded(zoneId)}' is no known time zone", "write an IANA name such as Asia/Shanghai (and install the tzdata package)");
        }

        return zone;
    }

    private static HealthConfiguration? ReadHealth(MappingReader site)
    {
        MappingReader? health = site.Mapping("health", "'health'");
        if (health is null)
        {
            return null;
        }

        const string Mend = "write listen: \"127.0.0.1:9180\" (port 0 chooses a free one)";
        string? listen = health.Text("listen", Mend);
        health.Finish();
        if (listen is null)
        {
            return null;
        }

        // Without a port IPEndPoint would quietly take 0.
        bool hasPort = listen.StartsWith('[') ? listen.Contains("]:", StringComparison.Ordinal) : listen.Count(c => c == ':') == 1;
        if (!hasPort || !IPEndPoint.TryParse(listen, out IPEndPoint? endPoint))
        {
            health.AddAt("listen", $"'{MappingReader.Bounded(listen)}' is no address with a port", Mend);
            return null;
        }

        if (!IPAddress.IsLoopback(endPoint.Address))
        {
            health.AddAt("listen", $"{endPoint.Address} can be reached from outside, and health pages know no login", Mend);
            return null;
        }

        return new HealthConfiguration(endPoint);
    }

    private static int ReadDiagnostics(MappingReader site)
    {
        const int Standard = 60;
        MappingReader? diagnostics = site.Mapping("diagnostics", "'diagnostics'");
        int everySeconds = (int)(diagnostics?.Integer("everySeconds", 0, 3_600) ?? Standard);
        diagnostics?.Finish();
        return everySeconds;
    }

    private static OutboxConfiguration ReadOutbox(MappingReader site)
    {
        OutboxConfiguration standard = new();
        MappingReader? outbox = site.Mapping("outbox", "'outbox'");
        if (outbox is null)
        {
            return standard;
        }

        OutboxConfiguration read = new()
        {
            FlushMs = (int)(outbox.Integer("flushMs", 10, 1_000) ?? standard.FlushMs),
            MaxBytes = outbox.Integer("maxBytes", 1_048_576, 1_099_511_627_776) ?? standard.MaxBytes,
            Window = (int)(outbox.Integer("window", 1, 256) ?? standard.Window),
            TallySeconds = (int)(outbox.Integer("tallySeconds", 1, 3_600) ?? standard.TallySeconds),
        };
        outbox.Finish();
        return read;
    }
}
