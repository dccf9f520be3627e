using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.People;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Control;

/// <summary>Commands at a whole hub: over the API, on the access log, and out of the front door to a client that is not ours.</summary>
public sealed class CommandApiTests(SeededHub seeded) : IClassFixture<SeededHub>
{
    private const string Commands = $"/api/v1/sites/{SeededHub.Site}/commands";

    private static long _sequence = 500;

    private HubUnderTest Hub => seeded.Hub;

    [Fact]
    public async Task Order_is_placed_once_read_back_and_listed_with_who_asked()
    {
        Authority();
        using HttpClient program = await Hub.ProgramAsync(Roles.Guard);
        object body = new { id = "door-now", device = "door-1", action = "unlock", note = "送货 – a parcel" };
        (HttpStatusCode status, JsonElement placed, string location) = await PostAsync(program, body);
        Assert.Equal((HttpStatusCode.Created, $"{Commands}/door-now"), (status, location));
        Assert.Equal(
            ("door-now", "door-1", "unlock", "unlock", "waiting", "guard", "送货 – a parcel"),
            (Text(placed, "id"), Text(placed, "device"), Text(placed, "action"), Text(placed, "effect"), Text(placed, "state"), Text(placed, "askedBy"), Text(placed, "note")));
        Assert.Equal(JsonValueKind.Null, placed.GetProperty("position").ValueKind);
        Assert.Equal(TimeSpan.FromSeconds(10), placed.GetProperty("expires").GetDateTimeOffset() - placed.GetProperty("issued").GetDateTimeOffset());

        (status, JsonElement again, _) = await PostAsync(program, body);
        Assert.Equal((HttpStatusCode.OK, Text(placed, "issued")), (status, Text(again, "issued")));
        (status, JsonElement other, _) = await PostAsync(program, new { id = "door-now", device = "door-1", action = "unlock" });
        Assert.Equal((HttpStatusCode.Conflict, "id.taken"), (status, Text(other.GetProperty("reasons")[0], "code")));

        await AnswerAsync("door-now", CommandOutcome.Refused, "the door is held by the fire alarm", CommandReason.NotAllowed);
        JsonElement read = await program.GetFromJsonAsync<JsonElement>(new Uri(location, UriKind.Relative));
        Assert.Equal(
            ("refused", "refused", "not-allowed"), (Text(read, "state"), Text(read.GetProperty("result"), "outcome"), Text(read.GetProperty("result"), "reason")));
        Assert.Contains("held by the fire alarm", Text(read, "explanation"), StringComparison.Ordinal);
        JsonElement list = await program.GetFromJsonAsync<JsonElement>(new Uri($"{Commands}?device=door-1", UriKind.Relative));
        Assert.Contains(list.GetProperty("items").EnumerateArray(), item => Text(item, "id") == "door-now" && Text(item, "state") == "refused");
        Assert.Equal(0, (await program.GetFromJsonAsync<JsonElement>(new Uri($"{Commands}?device=lift-1", UriKind.Relative))).GetProperty("items").GetArrayLength());
        AuditEntry entry = Assert.Single(
            (await Hub.Services.GetRequiredService<AuditDesk>().ListAsync(new AuditQuery(Action: AuditAction.CommandOrdered, ObjectId: "door-now"), PageRequest.First, default)).Items);
        Assert.Equal(("unlock door-1", ActorKind.Token, "127.0.0.1"), (entry.Detail, entry.ActorKind, entry.Origin));
        Assert.StartsWith("guard#", entry.Actor, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Edge_that_is_away_is_told_of_and_the_command_is_taken_all_the_same()
    {
        Authority();
        await Hub.Services.GetRequiredService<IEdgeDirectory>().TakeStateAsync(new EdgeState(SeededHub.Site, false, 1, "0.1.0", "ab", seeded.NowMs, null), default);
        using HttpClient program = await Hub.ProgramAsync(Roles.Engineer);
        (HttpStatusCode status, JsonElement placed, _) = await PostAsync(program, new { device = "meter-1", action = "switch", position = "permit-close" });
        Assert.Equal((HttpStatusCode.Created, "permit-restore", false), (status, Text(placed, "effect"), placed.GetProperty("edgeOnline").GetBoolean()));
        Assert.Contains("not connected now", Text(placed, "explanation"), StringComparison.Ordinal);
        Assert.Equal(32, Text(placed, "id").Length);
        await AnswerAsync(Text(placed, "id"), CommandOutcome.Expired, "");
    }

    [Fact]
    public async Task Refusals_are_problem_details_with_the_mend()
    {
        using HttpClient program = await Hub.ProgramAsync(Roles.Administrator);
        Authority();
        (object Body, HttpStatusCode Status, string Mend)[] cases =
        [
            (new { device = "door-9", action = "unlock" }, HttpStatusCode.NotFound, "named 'door-9'"),
            (new { device = "lift-1", action = "unlock" }, HttpStatusCode.Conflict, "commands: { unlock: [lift-1] }"),
            (new { device = "door-1", action = "unlock", position = "open" }, HttpStatusCode.UnprocessableEntity, "a door has none"),
            (new { device = "door-1", action = "unlock", note = new string('n', 201) }, HttpStatusCode.UnprocessableEntity, "at most 200 characters"),
            (new { device = "door-1", action = "blow-up" }, HttpStatusCode.BadRequest, "action"),
            (new { device = "door-1" }, HttpStatusCode.BadRequest, "action: is missing"),
        ];
        foreach ((object body, HttpStatusCode status, string mend) in cases)
        {
            (HttpStatusCode got, JsonElement problem, _) = await PostAsync(program, body);
            Assert.Equal((status, true), (got, Text(problem, "detail").Contains(mend, StringComparison.Ordinal)));
        }

        using HttpResponseMessage unknown = await program.GetAsync(new Uri($"{Commands}/nothing", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Hub_without_authority_says_so_with_503_and_the_mend()
    {
        await using HubUnderTest bare = await HubUnderTest.StartAsync();
        SiteCatalogue catalogue = new(new LocalText("A", "A"), "UTC", [new CatalogueDevice("d", "door", "d", new LocalText("D", "D"), [], DeviceCommands.Unlock)], []);
        await bare.Services.GetRequiredService<IEdgeDirectory>().TakeStateAsync(new EdgeState("a", true, 1, "", "", 0, catalogue), default);
        using HttpClient program = await bare.ProgramAsync(Roles.Guard);
        using HttpResponseMessage answer = await program.PostAsJsonAsync(new Uri("/api/v1/sites/a/commands", UriKind.Relative), new { device = "d", action = "unlock" });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("iotp-hub edge invite", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Person_with_different_roles_at_two_sites_orders_at_each_what_the_role_there_allows()
    {
        await using AsyncServiceScope scope = Hub.Services.CreateAsyncScope();
        Authority();
        Issued issued = await scope.ServiceProvider.GetRequiredService<PeopleRegister>().AddAsync("zhao", Roles.Guard, default, [SeededHub.Site]);
        PeopleContext context = scope.ServiceProvider.GetRequiredService<PeopleContext>();
        context.RoleGrants.Add(new RoleGrant { PersonId = context.RoleGrants.Single(grant => grant.Site == SeededHub.Site).PersonId, Role = Roles.Engineer, Site = "hillside" });
        await context.SaveChangesAsync();
        using HttpClient browser = await Hub.BrowserAsync(issued.Secret!.Value.Name, issued.Secret.Value.Secret);
        string token = HubUnderTest.TokenIn(await browser.GetStringAsync(new Uri("/account", UriKind.Relative)));
        browser.DefaultRequestHeaders.Add("RequestVerificationToken", token);
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(browser, new { device = "door-1", action = "unlock" })).Status);
        (HttpStatusCode status, JsonElement problem, _) = await PostAsync(browser, new { device = "meter-1", action = "switch", position = "open" });
        Assert.Equal((HttpStatusCode.Forbidden, true), (status, Text(problem, "detail").Contains("engineer", StringComparison.Ordinal)));
        AuditEntry entry = Assert.Single((await Hub.Services.GetRequiredService<AuditDesk>().ListAsync(new AuditQuery("zhao", AuditAction.Refused), PageRequest.First, default)).Items);
        Assert.Contains(nameof(Permission.SwitchMeters), entry.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Access_log_says_who_ordered_the_door_open_and_that_it_failed()
    {
        Authority();
        using HttpClient program = await Hub.ProgramAsync(Roles.Guard);
        await PostAsync(program, new { id = "for-log", device = "door-1", action = "unlock" });
        await CommitAsync(new Batch
        {
            Key = new BatchKey(SeededHub.Site, 9, Lane.Event, Interlocked.Increment(ref _sequence)),
            AccessEvents =
            [
                new AccessEvent("cmd-1", "door-1", AccessEventKind.Command, AccessDecision.Granted, AccessReason.UnlockFailed, "for-log", "", seeded.NowMs + 1000, true),
                new AccessEvent("cmd-2", "door-1", AccessEventKind.Command, AccessDecision.Granted, AccessReason.Ordered, "of-another-hub", "", seeded.NowMs + 500, true),
            ],
        });
        JsonElement events = (await program.GetFromJsonAsync<JsonElement>(new Uri($"/api/v1/access-events?site={SeededHub.Site}", UriKind.Relative))).GetProperty("items");
        JsonElement failed = events.EnumerateArray().Single(e => Text(e, "id") == "cmd-1");
        Assert.Equal(("command", "unlock-failed", "for-log", "guard"), (Text(failed, "kind"), Text(failed, "reason"), Text(failed, "credential"), Text(failed, "askedBy")));
        Assert.Equal(JsonValueKind.Null, events.EnumerateArray().Single(e => Text(e, "id") == "cmd-2").GetProperty("askedBy").ValueKind);
        Assert.Equal(JsonValueKind.Null, events.EnumerateArray().Single(e => Text(e, "id") == "a1").GetProperty("askedBy").ValueKind);
    }

    [PeerFact("mosquitto_sub")]
    public async Task Mosquitto_sub_in_the_edges_place_gets_the_signed_command_at_the_front_door()
    {
        CertificateAuthority authority = Authority();
        string password = (await Hub.Services.GetRequiredService<EdgeCredentials>().IssueAsync(SeededHub.Site, renew: true, default)).Secret!.Value.Secret;
        await using var edge = PeerProcess.Start(
            Peers.Require("mosquitto_sub"),
            ["-V", "5", "-h", "127.0.0.1", "-p", $"{Hub.MqttEndPoint.Port}", "-i", SeededHub.Site, "-u", SeededHub.Site, "-P", password, "-q", "1",
                "-t", $"iotp/v1/{SeededHub.Site}/command/+", "-F", "%t %x"]);
        using HttpClient program = await Hub.ProgramAsync(Roles.Engineer);

        // Ordered before the client is there, perhaps; it is tried until it has subscribed.
        (HttpStatusCode status, JsonElement placed, _) = await PostAsync(program, new { id = "to-a-peer", device = "meter-1", action = "switch", position = "close" });
        Assert.True(status == HttpStatusCode.Created, placed.ToString());
        string[] heard;
        do
        {
            // What the other tests ordered may be open yet.
            heard = (await edge.ReadLineAsync())!.Split(' ');
        }
        while (heard[0] != $"iotp/v1/{SeededHub.Site}/command/to-a-peer");
        SiteCommand command = SignedCommand.Decode(Convert.FromHexString(heard[1])).Value!.Open([.. authority.Chain], TimeProvider.System.GetUtcNow()).Value!;
        Assert.Equal((SeededHub.Site, "to-a-peer", "engineer", new SwitchAction("meter-1", SwitchPosition.Close)), (command.Site, command.Id, command.AskedBy, command.Action));
        await AnswerAsync("to-a-peer", CommandOutcome.Done, "");
    }

    private CertificateAuthority Authority() => Hub.Services.GetRequiredService<AuthoritySource>().GetOrCreate();

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static async Task<(HttpStatusCode Status, JsonElement Body, string Location)> PostAsync(HttpClient client, object body)
    {
        using HttpResponseMessage answer = await client.PostAsJsonAsync(new Uri(Commands, UriKind.Relative), body);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(), answer.Headers.Location?.OriginalString ?? "");
    }

    private Task AnswerAsync(string id, CommandOutcome outcome, string detail, CommandReason reason = CommandReason.None) => CommitAsync(new Batch
    {
        Key = new BatchKey(SeededHub.Site, 9, Lane.Event, Interlocked.Increment(ref _sequence)),
        CommandResults = [new CommandResult(id, outcome, reason, detail, seeded.NowMs, true)],
    });

    private async Task CommitAsync(Batch batch)
    {
        LedgerCommit commit = await Hub.Services.GetRequiredService<IEventLedger>().CommitAsync(
            batch, SHA256.HashData(Encoding.UTF8.GetBytes(batch.Key.ToString())).AsMemory(0, 16), default);
        Assert.Equal(CommitOutcome.Committed, commit.Outcome);
        foreach (LiveEvent change in commit.Changes)
        {
            Hub.Services.GetRequiredService<ILiveFeed>().Publish(change);
        }
    }
}
