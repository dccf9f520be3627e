using System.Text.Json;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Tests;
using Npgsql;

namespace IotProperty.Hub.Tests.Hosting;

public sealed class HubConfigurationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-config-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Whole_file_is_read_and_no_secret_prints()
    {
        Write("ledger.password", "open sesame\n");
        Write("broker.password", "swordfish");
        HubConfiguration read = Read("""
            ledger:
              postgres: { host: db.example, port: 5433, database: iotp, user: hub, passwordFile: ledger.password, tls: true }
            telemetry:
              victoriaMetrics: { writeUrl: "http://127.0.0.1:8428/a", readUrl: "http://127.0.0.1:8429" }
            broker: { host: 127.0.0.1, tls: true, user: hub, passwordFile: broker.password, group: north }
            """);
        Assert.Equal(("db.example", 5433, "iotp", "hub", true), (read.Ledger!.Host, read.Ledger.Port, read.Ledger.Database, read.Ledger.User, read.Ledger.Tls));
        Assert.Equal("open sesame", read.Ledger.Password!.Reveal());
        Assert.Equal(new Uri("http://127.0.0.1:8428/a"), Assert.IsType<VictoriaMetricsSettings>(read.Telemetry).WriteUrl);
        Assert.Equal((8883, "north", "swordfish"), (read.Broker!.Port, read.Broker.Group, read.Broker.Password!.Reveal()));
        string printed = $"{read} {read.Ledger} {read.Broker}";
        Assert.DoesNotContain("sesame", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("swordfish", printed, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_file_and_no_file_are_the_embedded_hub()
    {
        Assert.Equal(HubConfiguration.Embedded, Read("# nothing yet\n"));
        Assert.Equal(HubConfiguration.Embedded, HubConfiguration.Load(null, Path.Combine(_folder.FullName, "nowhere")));
    }

    [Fact]
    public void File_in_the_data_folder_is_found_and_another_may_be_named()
    {
        Write("hub.yaml", "ledger: { postgres: { host: a, database: b, user: c } }");
        Assert.Equal("a", HubConfiguration.Load(null, _folder.FullName).Ledger!.Host);
        Write("other.yaml", "{}");
        Assert.Null(HubConfiguration.Load(Path.Combine(_folder.FullName, "other.yaml"), _folder.FullName).Ledger);
    }

    [Fact]
    public void Every_mistake_is_told_at_once_with_its_place_and_mend()
    {
        UsageException wrong = Assert.Throws<UsageException>(() => Read("""
            ledgr: {}
            ledger:
              postgres:
                host: 127.0.0.1
                port: 70000
                user: hub
                passwordFile: gone.password
            telemetry:
              influx: { url: ftp://x, database: iotp, usr: me }
            broker: { host: 127.0.0.1, tls: maybe }
            """));
        string[] told = wrong.Message.Split(Environment.NewLine);
        Assert.Collection(
            told,
            line => Assert.Contains(":1:1: ledgr is no key of this file — did you mean ledger?", line, StringComparison.Ordinal),
            line => Assert.Contains("ledger.postgres.database is missing — add database: iotp", line, StringComparison.Ordinal),
            line => Assert.Contains(":5:11: ledger.postgres.port is no port", line, StringComparison.Ordinal),
            line => Assert.Contains(":7:19: ledger.postgres.passwordFile names the file", line, StringComparison.Ordinal),
            line => Assert.Contains(":9:18: telemetry.influx.url is no address of http or https", line, StringComparison.Ordinal),
            line => Assert.Contains("telemetry.influx.usr is no key of this file — did you mean user?", line, StringComparison.Ordinal),
            line => Assert.Contains("broker.tls is neither true nor false", line, StringComparison.Ordinal));
        Assert.All(told, line => Assert.StartsWith(Path.Combine(_folder.FullName, "hub.yaml") + ":", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("telemetry: { influx: { url: 'http://h', database: d } }", "telemetry needs ledger.postgres")]
    [InlineData("ledger: [", "this is not YAML")]
    [InlineData("a: 1\na: 2", "this is not YAML")]
    [InlineData("- a", "not one list of keys")]
    [InlineData("ledger: { postgres: 5 }", "ledger.postgres holds no keys")]
    [InlineData("ledger: { postgres: { host: a, database: b, user: c, password: d } }", "passwordFile")]
    public void Wrong_file_is_refused(string text, string mend) =>
        Assert.Contains(mend, Assert.Throws<UsageException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Traces_go_where_the_file_says_and_the_headers_print_nowhere()
    {
        Write("otlp.headers", "# for the collector\nAuthorization: Bearer swordfish\n");
        TracingSettings read = Read("""tracing: { endpoint: "https://otlp.example/base", ratio: 0.5, headersFile: otlp.headers }""").Tracing!;
        Assert.Equal((new Uri("https://otlp.example/base"), 0.5), (read.Endpoint, read.Ratio));
        Assert.Equal([new("Authorization", "Bearer swordfish")], read.Headers);
        Assert.DoesNotContain("swordfish", $"{read} {Read("""tracing: { endpoint: "https://otlp.example", headersFile: otlp.headers }""")}", StringComparison.Ordinal);
        Assert.Equal(TracingSettings.StandardRatio, Read("""tracing: { endpoint: "http://127.0.0.1:4318" }""").Tracing!.Ratio);
        Assert.Null(Read("{}").Tracing);
    }

    [Theory]
    [InlineData("{}", "tracing.endpoint is missing — add endpoint: http://127.0.0.1:4318")]
    [InlineData("{ endpoint: 'ftp://x' }", ":1:22: tracing.endpoint is no address of http or https")]
    [InlineData("{ endpoint: 'https://me:word@x' }", "tracing.endpoint is no address of http or https, or holds a user or password")]
    [InlineData("{ endpoint: 'https://x?key=word' }", ":1:22: tracing.endpoint holds a query or a fragment")]
    [InlineData("{ endpoint: 'http://x', headersFile: good.headers }", ":1:22: tracing.endpoint would carry the headers over the network in the clear — write https")]
    [InlineData("{ endpoint: 'http://127.0.0.1', headersFile: bad.headers }", "tracing.headersFile names a file in which line 2 is no header: write 'Name: value'")]
    [InlineData("{ endpoint: 'http://127.0.0.1', headersFile: gone.headers }", "tracing.headersFile names the file")]
    [InlineData("{ endpoint: 'http://127.0.0.1', ratio: 2 }", ":1:49: tracing.ratio is no number from 0 to 1 — write for instance 0.01")]
    [InlineData("{ endpoint: 'http://127.0.0.1', ratio: -1 }", "tracing.ratio is no number from 0 to 1")]
    [InlineData("{ endpoint: 'http://127.0.0.1', sample: 1 }", "tracing.sample is no key of this file")]
    public void A_mistake_about_traces_is_told_with_its_mend_and_without_a_secret(string tracing, string expected)
    {
        Write("good.headers", "Authorization: word");
        Write("bad.headers", "Authorization: word\nword");
        string told = Assert.Throws<UsageException>(() => Read($"tracing: {tracing}")).Message;
        Assert.Contains(expected, told, StringComparison.Ordinal);
        Assert.DoesNotContain("word", told.Replace("password", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [PeerFact("postgres")]
    public async Task Commands_go_to_the_ledger_that_the_file_names()
    {
        await using PostgresServer server = await PostgresServer.StartAsync(fast: true, password: "open sesame");
        string database = await server.CreateDatabaseAsync();
        Write("ledger.password", "open sesame");
        Write("hub.yaml", $"ledger: {{ postgres: {{ host: 127.0.0.1, port: {server.Port}, database: {database}, user: iotp, passwordFile: ledger.password }} }}");
        (int code, string output, string errors) = await RunAsync("edge", "add", "riverside", "--data", _folder.FullName, "--json");
        Assert.Equal(("", 0), (errors, code));
        using JsonDocument told = JsonDocument.Parse(output);
        Assert.Equal("riverside", told.RootElement.GetProperty("user").GetString());
        Assert.Equal("riverside", await server.SqlAsync(database, "SELECT site FROM edge_credential"));
        Assert.False(File.Exists(Path.Combine(_folder.FullName, "ledger.db")));

        Write("ledger.password", "wrong");
        (code, _, errors) = await RunAsync("user", "add", "li.wei", "--role", "guard", "--data", _folder.FullName);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("password", errors, StringComparison.Ordinal);
        NpgsqlConnection.ClearAllPools();
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter errors = new();
        int code = await HubCommandLine.RunAsync(arguments, output, errors, TimeProvider.System);
        return (code, output.ToString(), errors.ToString());
    }

    private HubConfiguration Read(string text)
    {
        Write("hub.yaml", text);
        return HubConfigurationReader.Read(Path.Combine(_folder.FullName, "hub.yaml"));
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.FullName, name), text);
}
