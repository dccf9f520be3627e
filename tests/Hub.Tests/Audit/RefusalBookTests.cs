using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Audit;

/// <summary>What is refused is told, and never more of it than the log can bear.</summary>
public sealed class RefusalBookTests : IDisposable
{
    private readonly LedgerFixture _fixture = new();
    private readonly AuditDesk _desk;
    private readonly RefusalBook _book;

    public RefusalBookTests()
    {
        _desk = new AuditDesk(_fixture.Ledger);
        _book = new RefusalBook(_desk, _fixture.Clock);
    }

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Flood_of_one_stranger_is_two_entries_an_hour()
    {
        for (int i = 0; i < 5000; i++)
        {
            await _book.TellAsync(Strange(1, $"GET /{i}"), default);
        }

        Assert.Equal(["GET /0 unknown token"], await ToldAsync());
        _fixture.Clock.Advance(RefusalBook.Window - TimeSpan.FromMilliseconds(1));
        await _book.FlushAsync(all: false, default);
        Assert.Single(await ToldAsync());
        _fixture.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await _book.FlushAsync(all: false, default);
        await _book.FlushAsync(all: false, default);
        Assert.Equal(
            ["GET /0 unknown token", "GET /4999 4999 more from 2026-03-02T04:00:00.000Z, the last at 2026-03-02T04:00:00.000Z: unknown token"], await ToldAsync());
        await _book.TellAsync(Strange(1, "GET /again"), default);
        Assert.Equal("GET /again unknown token", (await ToldAsync())[^1]);
    }

    [Fact]
    public async Task Flood_from_many_networks_is_a_bounded_number_of_entries_and_every_request_is_counted()
    {
        const int Networks = 3000;
        for (int round = 0; round < 3; round++)
        {
            for (int network = 0; network < Networks; network++)
            {
                await _book.TellAsync(Strange(network, "GET /api/v1/sites"), default);
            }
        }

        await _book.FlushAsync(all: true, default);
        string[] told = await ToldAsync();

        // One and the rest of each network that has entries of its own, and of all the others together.
        Assert.Equal(2 * (RefusalBook.MaxStrangers + 1), told.Length);
        Assert.Equal(3 * Networks, told.Sum(CountOf));
        Assert.Equal($"{(3 * (Networks - RefusalBook.MaxStrangers)) - 1} more of various senders", told.MaxBy(CountOf)!.Split(" from ")[0]["GET /api/v1/sites ".Length..]);
        Assert.Null((await _desk.VerifyAsync(null, default)).Break);
    }

    [Fact]
    public async Task Strangers_take_no_places_of_those_who_are_known_and_their_first_refusals_are_told_one_by_one()
    {
        for (int network = 0; network < 2 * RefusalBook.MaxStrangers; network++)
        {
            await _book.TellAsync(Strange(network, "GET /"), default);
        }

        int strangers = (await ToldAsync()).Length;
        for (int i = 0; i < 100; i++)
        {
            await _book.TellAsync(new RefusedRequest(AuditAction.Refused, "Person sun", true, new Actor(ActorKind.Person, "sun", "192.0.2.1"), $"GET /door-{i}", "needs SeeAudit"), default);
        }

        await _book.FlushAsync(all: true, default);
        string[] told = (await ToldAsync())[strangers..];
        Assert.Equal([.. Enumerable.Range(0, RefusalBook.ToldOfKnown).Select(i => $"GET /door-{i} needs SeeAudit")], told[..RefusalBook.ToldOfKnown]);
        Assert.StartsWith($"GET /door-99 {100 - RefusalBook.ToldOfKnown} more from", Assert.Single(told[RefusalBook.ToldOfKnown..], line => line.Contains("door", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains((await EntriesAsync()), e => e is { Actor: "sun", Origin: "192.0.2.1", Outcome: AuditOutcome.Refused });
    }

    [Fact]
    public async Task Wrong_expired_and_revoked_tokens_are_told_with_their_reason_and_never_with_the_token()
    {
        StandingClock clock = new();
        await using HubUnderTest hub = await HubUnderTest.StartAsync(clock);
        AuditDesk desk = hub.Services.GetRequiredService<AuditDesk>();
        using HttpClient expired = await hub.ProgramAsync(Roles.Guard, null, null, TimeSpan.FromMinutes(1));
        using HttpClient revoked = await hub.ProgramAsync(Roles.Engineer);
        using HttpClient wrong = hub.Stranger();
        wrong.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "iotp_" + new string('A', 43));
        clock.Advance(TimeSpan.FromMinutes(1));
        await using (AsyncServiceScope scope = hub.Services.CreateAsyncScope())
        {
            ApiTokens tokens = scope.ServiceProvider.GetRequiredService<ApiTokens>();
            Assert.True(await tokens.RevokeAsync((await tokens.ListAsync(default)).Single(t => t.Role == Roles.Engineer).Id, default));
        }

        List<string> told = [];
        foreach (HttpClient program in (HttpClient[])[wrong, expired, revoked])
        {
            for (int i = 0; i < 50; i++)
            {
                using HttpResponseMessage answer = await program.GetAsync(new Uri("/api/v1/sites", UriKind.Relative));
                Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            }

            // Of one network, so that the next hour tells of the next one.
            AuditEntry entry = Assert.Single((await desk.ListAsync(new AuditQuery(Action: AuditAction.TokenRefused), PageRequest.First, default)).Items, e => e.AtMs == clock.NowMs && !e.Detail.Contains(" more ", StringComparison.Ordinal));
            Assert.Equal(("GET /api/v1/sites", "127.0.0.1", ActorKind.Stranger), (entry.ObjectId, entry.Origin, entry.ActorKind));
            told.Add(entry.Detail);
            Assert.DoesNotContain(program.DefaultRequestHeaders.Authorization!.Parameter!, JsonSerializer.Serialize(entry), StringComparison.Ordinal);
            clock.Advance(RefusalBook.Window);
        }

        Assert.Equal("unknown token", told[0]);
        Assert.Matches("^the token guard#[0-9a-f]{8} has expired$", told[1]);
        Assert.Matches("^the token engineer#[0-9a-f]{8} was revoked$", told[2]);
    }

    [Fact]
    public async Task Requests_over_the_rate_are_told_once_and_counted_when_the_hub_stops()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync(
            change: settings => settings with { Limits = new ListenerLimits { LoginsPerMinute = 3, WrongTokensPerMinute = 100_000, RequestsPerMinute = 1_000_000 } });
        using HttpClient stranger = hub.Stranger();
        int refused = 0;
        for (int i = 0; i < 40; i++)
        {
            using HttpResponseMessage answer = await HubUnderTest.PostAsync(stranger, "/login", ("name", "x"));
            refused += answer.StatusCode == HttpStatusCode.TooManyRequests ? 1 : 0;
        }

        AuditDesk desk = hub.Services.GetRequiredService<AuditDesk>();
        AuditEntry entry = Assert.Single((await desk.ListAsync(new AuditQuery(Action: AuditAction.RateLimited), PageRequest.First, default)).Items);
        Assert.Equal(("POST /login", "too many requests", "127.0.0.1"), (entry.ObjectId, entry.Detail, entry.Origin));
        await hub.StopAsync();
        using IotProperty.Hub.Storage.Ledger ledger = new(new IotProperty.Hub.Storage.SqliteLedgerDatabase(Path.Combine(hub.Folder, "ledger.db"), TimeProvider.System), new RecordedFeed(), TimeProvider.System);
        AuditEntry[] all = [.. (await new AuditDesk(ledger).ListAsync(new AuditQuery(Action: AuditAction.RateLimited), PageRequest.First, default)).Items];
        Assert.Equal(2, all.Length);
        Assert.StartsWith($"{refused - 1} more from", all[0].Detail, StringComparison.Ordinal);
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
    }

    private static RefusedRequest Strange(int network, string route) =>
        new(AuditAction.TokenRefused, $"network {network}", false, new Actor(ActorKind.Stranger, "", $"network {network}"), route, "unknown token");

    private static int CountOf(string line) => line.Split(' ') is [_, _, var count, "more", ..] ? int.Parse(count, System.Globalization.CultureInfo.InvariantCulture) : 1;

    private async Task<AuditEntry[]> EntriesAsync() => [.. (await _desk.ListAsync(default, new PageRequest(null, 1000), default)).Items.Reverse()];

    private async Task<string[]> ToldAsync() => [.. (await EntriesAsync()).Select(e => $"{e.ObjectId} {e.Detail}")];
}
