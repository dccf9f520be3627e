using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Profiles;

/// <summary>An uplink that shows a certificate in place of user and password.</summary>
public class IdentityUplinkConfigurationTests
{
    private const string Written = "uplink: { host: 127.0.0.1, port: 1883, tls: false, user: riverside, passwordFile: edge.password }";

    [Fact]
    public void A_certificate_of_the_site_over_TLS_is_all_that_is_needed()
    {
        SiteReadResult result = Read("host: hub.example, port: 8883, tls: true, identity: identity, rootsFile: roots.pem", new ReferencedIdentity("riverside", ""));
        Assert.Empty(result.Mistakes);
        Assert.Equal(new MqttUplinkConfiguration("hub.example", 8883, true, "", "") { IdentityFolder = "identity", RootsFile = "roots.pem" }, result.Site!.Uplink);
    }

    [Theory]
    [InlineData("tls: true, identity: identity", "hillside", "", "the certificate is for site hillside and not for riverside — enrol with a code that `iotp-hub edge invite riverside` printed")]
    [InlineData("tls: true, identity: identity", "", "the identity in /x cannot be read", "the identity in /x cannot be read — enrol the edge with `iotp-edge enroll`, or give user and passwordFile in place of identity")]
    [InlineData("identity: identity", "riverside", "", "a certificate can be shown over TLS only — write tls: true")]
    [InlineData("tls: true, identity: identity, user: riverside", "riverside", "", "'user' stands beside 'identity' — leave user out: the certificate says who the edge is")]
    [InlineData("tls: true, identity: identity, passwordFile: p", "riverside", "", "'passwordFile' stands beside 'identity' — leave passwordFile out: the certificate says who the edge is")]
    [InlineData("user: riverside, passwordFile: p, rootsFile: roots.pem", "", "", "trusted certificates are of use with TLS only — write tls: true, or leave 'rootsFile' out")]
    public void A_mistake_is_told_with_its_mend(string uplink, string site, string problem, string expected)
    {
        SiteReadResult result = Read($"host: hub.example, port: 8883, {uplink}", new ReferencedIdentity(site, problem));
        Assert.Null(result.Site);
        Assert.Contains(expected, Assert.Single(result.Mistakes).ToString(), StringComparison.Ordinal);
    }

    private static SiteReadResult Read(string uplink, ReferencedIdentity identity) => SiteConfigurationReader.Read(
        SampleSite.Sources(site: SampleSite.Site.Replace(Written, $"uplink: {{ {uplink} }}", StringComparison.Ordinal)) with { Identity = uplink.Contains("identity", StringComparison.Ordinal) ? identity : null });
}
