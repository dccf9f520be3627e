using IotProperty.Edge.Profiles;
using IotProperty.Tracing;

namespace IotProperty.Edge.Tests.Profiles;

public class TracingConfigurationTests
{
    [Theory]
    [InlineData("endpoint: \"http://127.0.0.1:4318\"", "http://127.0.0.1:4318/", 0.01, null)]
    [InlineData("endpoint: \"https://otlp.example:443/base\", ratio: 1, headersFile: otlp.headers", "https://otlp.example/base", 1, "otlp.headers")]
    [InlineData("endpoint: \"http://localhost:4318\", ratio: 0, headersFile: otlp.headers", "http://localhost:4318/", 0, "otlp.headers")]
    public void Traces_go_where_the_site_file_says(string tracing, string endpoint, double ratio, string? headersFile)
    {
        SiteReadResult result = Read(tracing);
        Assert.Empty(result.Mistakes);
        Assert.Equal(new TracingConfiguration(new Uri(endpoint), ratio, headersFile), result.Site!.Tracing);
    }

    [Theory]
    [InlineData("ratio: 1", "", "'tracing' lacks 'endpoint' — write endpoint: http://127.0.0.1:4318, the collector's address for OTLP over HTTP")]
    [InlineData("endpoint: \"127.0.0.1:4318\"", "", "'endpoint' is no address of http or https — write endpoint: http://127.0.0.1:4318")]
    [InlineData("endpoint: \"ftp://127.0.0.1\"", "", "'endpoint' is no address of http or https")]
    [InlineData("endpoint: \"https://me:word@otlp.example\"", "", "'endpoint' holds a user, a query or a fragment — write the address alone")]
    [InlineData("endpoint: \"https://otlp.example?key=word\"", "", "'endpoint' holds a user, a query or a fragment")]
    [InlineData("endpoint: \"http://otlp.example\", headersFile: otlp.headers", "", "the headers would go over the network in the clear — write https://…")]
    [InlineData("endpoint: \"http://127.0.0.1:4318\", ratio: 1.5", "", "'ratio' is '1.5' — write a number from 0 to 1")]
    [InlineData("endpoint: \"http://127.0.0.1:4318\", ratio: -0.1", "", "'ratio' is '-0.1' — write a number from 0 to 1")]
    [InlineData("endpoint: \"http://127.0.0.1:4318\", sample: 1", "", "'tracing' knows no key 'sample'")]
    [InlineData("endpoint: \"http://127.0.0.1:4318\", headersFile: otlp.headers", "otlp.headers does not exist", "otlp.headers does not exist — write what the collector wants to be shown into this file")]
    public void A_mistake_is_told_with_its_mend_and_without_a_secret(string tracing, string headersProblem, string expected)
    {
        SiteReadResult result = Read(tracing, headersProblem);
        Assert.Null(result.Site);
        string told = Assert.Single(result.Mistakes).ToString();
        Assert.Contains(expected, told, StringComparison.Ordinal);
        Assert.DoesNotContain("word", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_are_read_as_HTTP_writes_them()
    {
        Assert.True(OtlpHeaders.TryParse("\uFEFF# for the collector\r\n\r\nAuthorization: Bearer a:b=c, d\r\nX-Scope-OrgID:\tsite 7\n", out IReadOnlyList<KeyValuePair<string, string>>? headers, out _));
        Assert.Equal([new("Authorization", "Bearer a:b=c, d"), new("X-Scope-OrgID", "site 7")], headers);
    }

    [Theory]
    [InlineData("", "it holds no header")]
    [InlineData("# nothing", "it holds no header")]
    [InlineData("Bearer word", "line 1 is no header")]
    [InlineData("Authorization: word\nnext word", "line 2 is no header")]
    [InlineData("Authorization:", "line 1 is no header")]
    [InlineData("Author ization: word", "line 1 is no header")]
    [InlineData("Authorization: w\u00F6rd word", "line 1 is no header")]
    [InlineData("Authorization: a\rX: word", "line 1 is no header")]
    public void What_is_no_header_is_told_by_its_line_alone(string text, string expected)
    {
        Assert.False(OtlpHeaders.TryParse(text, out _, out string why));
        Assert.StartsWith(expected, why, StringComparison.Ordinal);
        Assert.DoesNotContain("word", why, StringComparison.Ordinal);
    }

    [Fact]
    public void More_headers_than_anybody_needs_are_refused() =>
        Assert.False(OtlpHeaders.TryParse(string.Concat(Enumerable.Range(0, 17).Select(n => $"X-{n}: v\n")), out _, out _));

    [Theory]
    [InlineData("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces")]
    [InlineData("https://otlp.example/base/", "https://otlp.example/base/v1/traces")]
    [InlineData("https://otlp.example/v1/traces", "https://otlp.example/v1/traces")]
    public void Traces_have_their_own_path_below_the_endpoint(string endpoint, string url) =>
        Assert.Equal(url, new TraceTarget(new Uri(endpoint), 1, []).TracesUrl.AbsoluteUri);

    private static SiteReadResult Read(string tracing, string headersProblem = "") => SiteConfigurationReader.Read(
        SampleSite.Sources(site: SampleSite.Site + $"\ntracing: {{ {tracing} }}\n") with { TracingHeadersProblem = headersProblem });
}
