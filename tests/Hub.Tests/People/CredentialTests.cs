using System.Net;
using System.Net.Http.Headers;
using System.Text;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.People;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.People;

public sealed class SqliteCredentialTests() : CredentialTests(LedgerEngine.Sqlite)
{
    [Fact]
    public async Task No_secret_is_kept()
    {
        await using AsyncServiceScope scope = Services.CreateAsyncScope();
        string[] secrets =
        [
            (await Services.GetRequiredService<EdgeCredentials>().IssueAsync("riverside", false, default)).Secret!.Value.Secret,
            (await scope.ServiceProvider.GetRequiredService<ApiTokens>().CreateAsync("probe", Roles.Billing, Ledger.Clock.GetUtcNow().AddHours(1), default)).Secret,
            (await scope.ServiceProvider.GetRequiredService<PeopleRegister>().AddAsync("somebody", Roles.Guard, default)).Secret!.Value.Secret,
        ];
        using SqliteConnection connection = new(((SqliteLedgerDatabase)Ledger.Database).ConnectionString);
        await connection.OpenAsync();
        using SqliteCommand checkpoint = connection.CreateCommand();
        checkpoint.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        await checkpoint.ExecuteNonQueryAsync();
        string file = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Ledger.File));
        Assert.Contains("riverside", file, StringComparison.Ordinal);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, file, StringComparison.Ordinal));
    }
}

[NeedsPeers("postgres")]
public sealed class PostgresCredentialTests() : CredentialTests(LedgerEngine.Postgres);

/// <summary>What edges and programs show, and what the database keeps of it.</summary>
public abstract class CredentialTests : IDisposable
{
    protected CredentialTests(LedgerEngine engine)
    {
        Ledger = new LedgerFixture(engine);
        Services = new ServiceCollection().AddSingleton<TimeProvider>(Ledger.Clock).AddSingleton(Ledger.Database).AddPeople(Ledger.Folder).BuildServiceProvider();
    }

    protected LedgerFixture Ledger { get; }

    protected ServiceProvider Services { get; }

    public void Dispose()
    {
        Services.Dispose();
        Ledger.Dispose();
        GC.SuppressFinalize(this);
    }

    [ConformanceFact]
    public async Task Edge_speaks_for_its_own_site_alone()
    {
        EdgeCredentials edges = Services.GetRequiredService<EdgeCredentials>();
        string password = (await edges.IssueAsync("riverside", false, default)).Secret!.Value.Secret;
        await edges.IssueAsync("hillside", false, default);
        Assert.Equal("riverside", await Show(edges, "riverside", "riverside", password));
        Assert.Null(await Show(edges, "hillside", "riverside", password));
        Assert.Null(await Show(edges, "hillside", "hillside", password));
        Assert.Null(await Show(edges, "riverside", "riverside", password + "x"));
        Assert.Null(await Show(edges, "riverside", "riverside", ""));
        Assert.Null(await Show(edges, "nowhere", "nowhere", password));
    }

    [ConformanceFact]
    public async Task Slow_hash_from_before_holds_until_its_password_is_shown_and_gives_way_to_a_quick_one()
    {
        EdgeCredentials edges = Services.GetRequiredService<EdgeCredentials>();
        string password = (await edges.IssueAsync("riverside", false, default)).Secret!.Value.Secret;
        await using PeopleContext context = await Services.GetRequiredService<IDbContextFactory<PeopleContext>>().CreateDbContextAsync();
        EdgeCredential kept = await context.EdgeCredentials.SingleAsync();
        string slow = Services.GetRequiredService<IPasswordHasher<EdgeCredential>>().HashPassword(kept, password);
        kept.PasswordHash = slow;
        await context.SaveChangesAsync();

        Assert.Null(await Show(edges, "riverside", "riverside", password + "x"));
        Assert.Equal(slow, await context.EdgeCredentials.Select(e => e.PasswordHash).SingleAsync());
        Assert.Equal("riverside", await Show(edges, "riverside", "riverside", password));
        Assert.StartsWith("sha256:", await context.EdgeCredentials.Select(e => e.PasswordHash).SingleAsync(), StringComparison.Ordinal);
        Assert.Equal("riverside", await Show(edges, "riverside", "riverside", password));
        Assert.Null(await Show(edges, "riverside", "riverside", password + "x"));
    }

    [ConformanceFact]
    public async Task Site_with_an_edge_gets_another_password_only_when_it_is_renewed()
    {
        EdgeCredentials edges = Services.GetRequiredService<EdgeCredentials>();
        string old = (await edges.IssueAsync("riverside", false, default)).Secret!.Value.Secret;
        Issued refused = await edges.IssueAsync("riverside", false, default);
        Assert.Contains("--renew", refused.Refusal, StringComparison.Ordinal);
        Assert.Equal("riverside", await Show(edges, "riverside", "riverside", old));
        string next = (await edges.IssueAsync("riverside", true, default)).Secret!.Value.Secret;
        Assert.Null(await Show(edges, "riverside", "riverside", old));
        Assert.Equal("riverside", await Show(edges, "riverside", "riverside", next));
    }

    [ConformanceTheory]
    [InlineData("")]
    [InlineData("River")]
    [InlineData("a/b")]
    [InlineData("a+")]
    [InlineData("#")]
    [InlineData("a\n")]
    [InlineData("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddx")]
    public async Task Site_id_that_a_topic_could_not_hold_is_refused(string site)
    {
        Issued issued = await Services.GetRequiredService<EdgeCredentials>().IssueAsync(site, false, default);
        Assert.Null(issued.Secret);
        Assert.Contains("1 to 40", issued.Refusal, StringComparison.Ordinal);
    }

    [ConformanceFact]
    public async Task Token_ends_when_it_says()
    {
        await using AsyncServiceScope scope = Services.CreateAsyncScope();
        ApiTokens tokens = scope.ServiceProvider.GetRequiredService<ApiTokens>();
        OneTimeSecret token = await tokens.CreateAsync("probe", Roles.ReadOnly, Ledger.Clock.GetUtcNow().AddHours(1), default);
        Assert.Equal(Roles.ReadOnly, (await tokens.FindAsync(token.Secret, default))?.Role);
        Ledger.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.NotNull(await tokens.FindAsync(token.Secret, default));
        Ledger.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await tokens.FindAsync(token.Secret, default));
    }

    [ConformanceFact]
    public async Task Credential_that_a_command_issues_beside_the_running_hub_counts_at_once()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        using StringWriter output = new();
        using StringWriter errors = new();
        int code = await IotProperty.Hub.Commands.HubCommandLine.RunAsync(["edge", "add", "riverside", "--data", hub.Folder, "--json"], output, errors, TimeProvider.System);
        Assert.Equal((0, ""), (code, errors.ToString()));
        using System.Text.Json.JsonDocument told = System.Text.Json.JsonDocument.Parse(output.ToString());
        string password = told.RootElement.GetProperty("password").GetString()!;
        Assert.Equal("riverside", await Show(hub.Services.GetRequiredService<IEdgeCredentials>(), "riverside", "riverside", password));
    }

    [ConformanceTheory]
    [InlineData("Bearer nonsense")]
    [InlineData("Bearer iotp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("Bearer ")]
    [InlineData("Basic YTpi")]
    public async Task Wrong_authorization_header_is_answered_with_the_way_in(string header)
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        using HttpClient client = hub.Stranger();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
        using HttpResponseMessage answer = await client.GetAsync(new Uri("/api/v1/sites", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains(answer.Headers.WwwAuthenticate, value => value.Equals(AuthenticationHeaderValue.Parse("Bearer")));
    }

    private static async Task<string?> Show(IEdgeCredentials edges, string clientId, string user, string password) =>
        await edges.AuthenticateAsync(clientId, user, Encoding.UTF8.GetBytes(password), CancellationToken.None);
}
