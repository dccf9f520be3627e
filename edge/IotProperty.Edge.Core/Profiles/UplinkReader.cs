using System.Collections.Frozen;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads how the edge reaches its hub.</summary>
internal static class UplinkReader
{
    private const string ReceiptsMend = "write messages (somebody behind the hub sends receipts) or acknowledged (nobody does)";

    private static readonly FrozenDictionary<string, Func<MappingReader, SiteSources, UplinkConfiguration?>> Kinds =
        new Dictionary<string, Func<MappingReader, SiteSources, UplinkConfiguration?>>
        {
            ["mqtt"] = ReadMqtt,
            ["azure"] = ReadAzure,
        }.ToFrozenDictionary();

    public static UplinkConfiguration? Read(MappingReader site, SiteSources sources)
    {
        MappingReader? uplink = site.Mapping("uplink", "'uplink'", "write uplink: { host: …, port: 1883, user: …, passwordFile: … }");
        if (uplink is null)
        {
            return null;
        }

        string kind = uplink.Text("kind") ?? "mqtt";
        if (!Kinds.TryGetValue(kind, out Func<MappingReader, SiteSources, UplinkConfiguration?>? read))
        {
            uplink.AddAt("kind", $"'kind' is '{MappingReader.Bounded(kind)}'", Suggestion.Mend(kind, [.. Kinds.Keys]));
            return null;
        }

        return read(uplink, sources);
    }

    private static MqttUplinkConfiguration? ReadMqtt(MappingReader uplink, SiteSources sources)
    {
        string? host = uplink.Text("host", "write the hub's host name or address");
        long? port = uplink.Integer("port", 1, 65_535, "write port: 1883, or 8883 with TLS");
        bool tls = uplink.Flag("tls") ?? false;
        string? user = uplink.Text("user", "write the user name that `iotp-hub edge add` printed");
        string? passwordFile = uplink.Text("passwordFile", "name the file that holds the password that `iotp-hub edge add` printed");
        uplink.Finish();
        if (passwordFile is not null && sources.PasswordProblem.Length > 0)
        {
            uplink.AddAt("passwordFile", sources.PasswordProblem, "write the password that `iotp-hub edge add` printed into this file");
        }

        return host is null || port is null || user is null || passwordFile is null ? null : new MqttUplinkConfiguration(host, (int)port.Value, tls, user, passwordFile);
    }

    private static AzureUplinkConfiguration? ReadAzure(MappingReader uplink, SiteSources sources)
    {
        string? file = uplink.Text("connectionStringFile", "name the file that holds the device's primary connection string from the Azure portal");
        string? receipts = uplink.Text("receipts");
        long? tokenMinutes = uplink.Integer("tokenMinutes", 5, 1_440);
        string? host = uplink.Text("host");
        long? port = uplink.Integer("port", 1, 65_535);
        string? rootsFile = uplink.Text("rootsFile");
        uplink.Finish();
        if (file is not null && sources.ConnectionStringProblem.Length > 0)
        {
            uplink.AddAt("connectionStringFile", sources.ConnectionStringProblem, "write the device's primary connection string from the Azure portal into this file, on one line");
        }

        if (rootsFile is not null && sources.RootsProblem.Length > 0)
        {
            uplink.AddAt("rootsFile", sources.RootsProblem, "write the trusted certificates into this file as PEM, or leave 'rootsFile' out to trust those of the machine");
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
