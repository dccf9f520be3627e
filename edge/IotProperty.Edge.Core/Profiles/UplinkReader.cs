using System.Collections.Frozen;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads how the edge reaches its hub.</summary>
internal static class UplinkReader
{
    private const string ReceiptsMend = "write messages (somebody behind the hub sends receipts) or acknowledged (nobody does)";

    private static readonly FrozenDictionary<string, Func<MappingReader, string?, SiteSources, UplinkConfiguration?>> Kinds =
        new Dictionary<string, Func<MappingReader, string?, SiteSources, UplinkConfiguration?>>
        {
            ["mqtt"] = ReadMqtt,
            ["azure"] = ReadAzure,
        }.ToFrozenDictionary();

    /// <param name="site">The whole file.</param>
    /// <param name="id">The site's id; null when it holds a mistake.</param>
    /// <param name="sources">What the shell found beside it.</param>
    public static UplinkConfiguration? Read(MappingReader site, string? id, SiteSources sources)
    {
        MappingReader? uplink = site.Mapping("uplink", "'uplink'", "write uplink: { host: …, port: 1883, user: …, passwordFile: … }");
        if (uplink is null)
        {
            return null;
        }

        string kind = uplink.Text("kind") ?? "mqtt";
        if (!Kinds.TryGetValue(kind, out Func<MappingReader, string?, SiteSources, UplinkConfiguration?>? read))
        {
            uplink.AddAt("kind", $"'kind' is '{MappingReader.Bounded(kind)}'", Suggestion.Mend(kind, [.. Kinds.Keys]));
            return null;
        }

        return read(uplink, id, sources);
    }

    private static MqttUplinkConfiguration? ReadMqtt(MappingReader uplink, string? id, SiteSources sources)
    {
        string? host = uplink.Text("host", "write the hub's host name or address");
        long? port = uplink.Integer("port", 1, 65_535, "write port: 1883, or 8883 with TLS");
        bool tls = uplink.Flag("tls") ?? false;
        string? rootsFile = ReadRoots(uplink, sources);
        if (rootsFile is not null && !tls)
        {
            uplink.AddAt("rootsFile", "trusted certificates are of use with TLS only", "write tls: true, or leave 'rootsFile' out");
        }

        MqttUplinkConfiguration? shown = uplink.Has("identity") ? ReadIdentity(uplink, tls, id, sources) : ReadPassword(uplink, sources);
        uplink.Finish();
        return host is null || port is null || shown is null ? null : shown with { Host = host, Port = (int)port.Value, Tls = tls, RootsFile = rootsFile };
    }

    private static MqttUplinkConfiguration? ReadIdentity(MappingReader uplink, bool tls, string? id, SiteSources sources)
    {
        string? folder = uplink.Text("identity");
        foreach (string key in (string[])["user", "passwordFile"])
        {
            if (uplink.Optional(key) is not null)
            {
                uplink.AddAt(key, $"'{key}' stands beside 'identity'", $"leave {key} out: the certificate says who the edge is");
            }
        }

        if (!tls)
        {
            uplink.AddAt("identity", "a certificate can be shown over TLS only", "write tls: true");
        }

        if (sources.Identity is { Problem.Length: > 0 } identity)
        {
            uplink.AddAt("identity", identity.Problem, "enrol the edge with `iotp-edge enroll`, or give user and passwordFile in place of identity");
        }
        else if (sources.Identity is { } present && id is not null && present.Site != id)
        {
            uplink.AddAt("identity", $"the certificate is for site {present.Site} and not for {id}", $"enrol with a code that `iotp-hub edge invite {id}` printed");
        }

        return folder is null ? null : new MqttUplinkConfiguration("", 0, tls, "", "") { IdentityFolder = folder };
    }

    private static MqttUplinkConfiguration? ReadPassword(MappingReader uplink, SiteSources sources)
    {
        string? user = uplink.Text("user", "write the user name that `iotp-hub edge add` printed, or identity: the folder that `iotp-edge enroll` made");
        string? passwordFile = uplink.Text("passwordFile", "name the file that holds the password that `iotp-hub edge add` printed");
        if (passwordFile is not null && sources.PasswordProblem.Length > 0)
        {
            uplink.AddAt("passwordFile", sources.PasswordProblem, "write the password that `iotp-hub edge add` printed into this file");
        }

        return user is null || passwordFile is null ? null : new MqttUplinkConfiguration("", 0, false, user, passwordFile);
    }

    private static string? ReadRoots(MappingReader uplink, SiteSources sources)
    {
        string? rootsFile = uplink.Text("rootsFile");
        if (rootsFile is not null && sources.RootsProblem.Length > 0)
        {
            uplink.AddAt("rootsFile", sources.RootsProblem, "write the trusted certificates into this file as PEM, or leave 'rootsFile' out to trust those of the machine");
        }

        return rootsFile;
    }

    private static AzureUplinkConfiguration? ReadAzure(MappingReader uplink, string? id, SiteSources sources)
    {
        string? file = uplink.Text("connectionStringFile", "name the file that holds the device's primary connection string from the Azure portal");
        string? receipts = uplink.Text("receipts");
        long? tokenMinutes = uplink.Integer("tokenMinutes", 5, 1_440);
        string? host = uplink.Text("host");
        long? port = uplink.Integer("port", 1, 65_535);
        string? rootsFile = ReadRoots(uplink, sources);
        uplink.Finish();
        if (file is not null && sources.ConnectionStringProblem.Length > 0)
        {
            uplink.AddAt("connectionStringFile", sources.ConnectionStringProblem, "write the device's primary connection string from the Azure portal into this file, on one line");
        }

        if (receipts is not (null or "messages" or "acknowledged"))
        {
            uplink.AddAt("receipts", $"'receipts' is '{MappingReader.Bounded(receipts)}'", ReceiptsMend);
        }

        AzureUplinkConfiguration standard = new(file ?? "");
        return file is null ? null : standard with
        {
            AcknowledgementIsReceipt = receipts == "acknowledged",
            TokenMinutes = (int)(tokenMinutes ?? standard.TokenMinutes),
            Host = host,
            Port = (int)(port ?? standard.Port),
            RootsFile = rootsFile,
        };
    }
}
