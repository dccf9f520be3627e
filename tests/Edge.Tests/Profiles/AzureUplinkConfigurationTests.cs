using IotProperty.Edge.Profiles;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Profiles;

public sealed class AzureUplinkConfigurationTests : IDisposable
{
    private const string Written = "uplink: { host: 127.0.0.1, port: 1883, tls: false, user: riverside, passwordFile: edge.password }";
    private readonly Hosting.TemporaryFolder _folder = new();

    [Fact]
    public void An_uplink_to_Azure_needs_the_file_of_its_connection_string_alone()
    {
        AzureUplinkConfiguration azure = Assert.IsType<AzureUplinkConfiguration>(SampleSite.Read(With("kind: azure, connectionStringFile: azure.connection")).Uplink);
        Assert.Equal(new AzureUplinkConfiguration("azure.connection"), azure);
        Assert.Equal(("azure.connection", false, 60, 8883, 245_760), (azure.SecretFile, azure.AcknowledgementIsReceipt, azure.TokenMinutes, azure.Port, azure.MaxPayloadBytes));
        Assert.Equal(
            new AzureUplinkConfiguration("a") { AcknowledgementIsReceipt = true, TokenMinutes = 240, Host = "10.1.2.3", Port = 443, RootsFile = "r.pem" },
            SampleSite.Read(With("kind: azure, connectionStringFile: a, receipts: acknowledged, tokenMinutes: 240, host: 10.1.2.3, port: 443, rootsFile: r.pem")).Uplink);
        Assert.Equal(SampleSite.Read().Uplink, SampleSite.Read(SampleSite.Site.Replace("uplink: {", "uplink: { kind: mqtt,", StringComparison.Ordinal)).Uplink);
    }

    [Theory]
    [InlineData("kind: azur, connectionStringFile: a", "site.yaml:4:17: 'kind' is 'azur' — did you mean 'azure'?")]
    [InlineData("kind: azure", "site.yaml:4:9: 'uplink' lacks 'connectionStringFile' — name the file that holds the device's primary connection string from the Azure portal")]
    [InlineData("kind: azure, connectionStringFile: a, receipts: never", "site.yaml:4:59: 'receipts' is 'never' — write messages (somebody behind the hub sends receipts) or acknowledged (nobody does)")]
    [InlineData("kind: azure, connectionStringFile: a, tokenMinutes: 4", "site.yaml:4:63: 'tokenMinutes' is '4' — write a whole number from 5 to 1440")]
    [InlineData("kind: azure, connectionStringFile: a, tls: false", "site.yaml:4:49: 'uplink' knows no key 'tls' — ")]
    public void A_mistake_is_told_with_its_place_and_mend(string uplink, string expected)
    {
        string mistake = Assert.Single(SiteConfigurationReader.Read(SampleSite.Sources(site: With(uplink))).Mistakes).ToString();
        Assert.StartsWith(expected, mistake, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HostName=h.example;DeviceId=d;SharedAccessKey=AAAA", "", null)]
    [InlineData("HostName=h.example;DeviceId=d;SharedAccessKey=s3cret!", "", "the connection string in azure.connection has a SharedAccessKey that is not 1 to 256 bytes in Base64 — write the device's")]
    [InlineData("\n", "", "the connection string in azure.connection lacks HostName and DeviceId and SharedAccessKey — write the device's")]
    [InlineData(null, "", "azure.connection does not exist — write the device's")]
    [InlineData("HostName=h.example;DeviceId=d;SharedAccessKey=AAAA", "nothing", "roots.pem holds no certificate — write the trusted certificates")]
    [InlineData("HostName=h.example;DeviceId=d;SharedAccessKey=AAAA", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "roots.pem holds a certificate that cannot be read: ")]
    public void Files_of_the_uplink_are_looked_at_before_the_edge_runs_and_their_secrets_are_not_told(string? connection, string roots, string? expected)
    {
        string rootsKey = roots.Length > 0 ? ", rootsFile: roots.pem" : "";
        File.WriteAllText(_folder.File("site.yaml"), $"site: s\nname: S\ntimeZone: UTC\nuplink: {{ kind: azure, connectionStringFile: azure.connection{rootsKey} }}\nlines: []\n");
        File.WriteAllText(_folder.File("roots.pem"), roots);
        if (connection is not null)
        {
            File.WriteAllText(_folder.File("azure.connection"), connection);
        }

        SiteReadResult result = SiteFiles.Read(_folder.File("site.yaml"));
        if (expected is null)
        {
            Assert.Empty(result.Mistakes);
            using UplinkSecrets secrets = SiteFiles.ReadUplinkSecrets(_folder.File("site.yaml"), result.Site!, TimeProvider.System, NullLoggerFactory.Instance);
            Assert.Equal(connection, secrets.Secret);
            return;
        }

        string mistake = Assert.Single(result.Mistakes).ToString();
        Assert.Contains(expected, mistake, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", mistake, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static string With(string uplink) => SampleSite.Site.Replace(Written, $"uplink: {{ {uplink} }}", StringComparison.Ordinal);
}
