using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Commands;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Audit;

/// <summary>A whole hub: what its people, programs and commands do is on the log.</summary>
public sealed partial class AuditedHubTests(SeededHub seeded) : IClassFixture<SeededHub>
{
    private HubUnderTest Hub => seeded.Hub;

    private AuditDesk Desk => Hub.Services.GetRequiredService<AuditDesk>();

    [Fact]
    public async Task Login_failure_lockout_and_logout_are_told_with_name_and_address()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        OneTimeSecret guard = await AddAsync(hub, "night-guard", Roles.Guard);
        using HttpClient stranger = hub.Stranger();
        for (int i = 0; i < 6; i++)
        {
            using HttpResponseMessage wrong = await HubUnderTest.PostFormAsync(stranger, "/login", "/login", ("name", "night-guard"), ("password", "hunter2 secret"));
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }

        using HttpResponseMessage unknown = await HubUnderTest.PostFormAsync(stranger, "/login", "/login", ("name", "hunter2 typed in the wrong field"), ("password", "x"));
        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        OneTimeSecret engineer = await AddAsync(hub, "engineer-li", Roles.Engineer);
        using HttpClient browser = await hub.BrowserAsync(engineer.Name, engineer.Secret);
        using HttpResponseMessage left = await HubUnderTest.PostFormAsync(browser, "/account", "/logout");
        Assert.Equal(HttpStatusCode.SeeOther, left.StatusCode);

        AuditDesk desk = hub.Services.GetRequiredService<AuditDesk>();
        AuditEntry[] all = [.. (await desk.ListAsync(default, PageRequest.First, default)).Items.Reverse()];
        Assert.Equal(
            [
                "user-added administrator Done administrator at *", "user-added night-guard Done guard at *",
                .. Enumerable.Repeat("login-failed night-guard Refused wrong password", 5), "lockout night-guard Done until",
                "login-failed night-guard Refused locked out", "login-failed  Refused unknown name", "user-added engineer-li Done engineer at *",
                "login engineer-li Done ", "logout engineer-li Done ",
            ],
            all.Select(e => $"{e.Action} {e.ObjectId} {e.Outcome} {(e.Action == "lockout" ? e.Detail[..5] : e.Detail)}"));
        Assert.All(all.Where(e => e.Action.StartsWith("log", StringComparison.Ordinal)), e => Assert.Equal("127.0.0.1", e.Origin));
        Assert.DoesNotContain(all, e => e.ToString().Contains("hunter2", StringComparison.Ordinal) || e.ToString().Contains(guard.Secret, StringComparison.Ordinal));
        Assert.Null((await desk.VerifyAsync(null, default)).Break);
    }

    [Fact]
    public async Task The_page_shows_the_log_in_order_whatever_zones_its_sites_are_in()
    {
        string html = await Hub.HtmlOfAsync("/audit");
        Assert.Contains("Riverside", html, StringComparison.Ordinal);
        string[] times = [.. Times().Matches(html).Select(time => time.Groups[1].Value)];
        Assert.True(times.Length > 5, "the log shows too little to say anything");
        Assert.Equal(times.OrderDescending(StringComparer.Ordinal), times);
    }

    [Fact]
    public async Task Refused_request_is_told_once_with_route_and_what_it_needed()
    {
        using HttpClient guard = await Hub.BrowserOfRoleAsync(Roles.Guard);
        using HttpResponseMessage page = await guard.GetAsync(new Uri("/invoices", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, page.StatusCode);
        AuditEntry entry = Assert.Single((await Desk.ListAsync(new AuditQuery(Action: AuditAction.Refused, Actor: "a-guard"), PageRequest.First, default)).Items);
        Assert.Equal(("GET /invoices", AuditOutcome.Refused, ActorKind.Person, "127.0.0.1"), (entry.ObjectId, entry.Outcome, entry.ActorKind, entry.Origin));
        Assert.Contains(nameof(Permission.SeeInvoices), entry.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Acknowledgement_over_the_api_is_told_in_the_name_of_the_token()
    {
        using HttpClient program = await Hub.ProgramAsync(Roles.Engineer);
        using HttpResponseMessage answer = await program.PostAsJsonAsync(new Uri($"/api/v1/alarms/{seeded.AlarmId}/acknowledge", UriKind.Relative), new { comment = "seen" });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        AuditEntry entry = Assert.Single((await Desk.ListAsync(new AuditQuery(Action: AuditAction.AlarmAcknowledged), PageRequest.First, default)).Items);
        Assert.Equal((seeded.AlarmId, "riverside", ActorKind.Token), (entry.ObjectId, entry.Site, entry.ActorKind));
        Assert.StartsWith("engineer#", entry.Actor, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Administrator_reads_and_filters_the_log_on_a_page_and_over_the_api()
    {
        using HttpClient browser = await Hub.AdministratorBrowserAsync();
        string html = await browser.GetStringAsync(new Uri("/audit?action=login", UriKind.Relative));
        Assert.Contains("Logged in", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<td class=\"main\"><span class=\"\">Record added", html, StringComparison.Ordinal);
        using HttpClient program = await Hub.ProgramAsync(Roles.Administrator);
        JsonElement page = await program.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/audit?action=record-added&limit=1", UriKind.Relative));
        Assert.Equal("record-added", page.GetProperty("items")[0].GetProperty("action").GetString());
        Assert.Equal(JsonValueKind.String, page.GetProperty("next").ValueKind);
        using HttpResponseMessage bad = await program.GetAsync(new Uri("/api/v1/audit?action=danced", UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
    }

    [Fact]
    public async Task Commands_check_and_show_the_log_beside_the_running_hub()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        Assert.Equal(0, (await RunAsync("edge", "add", "riverside", "--data", hub.Folder)).Code);
        (int code, string told, _) = await RunAsync("audit", "verify", "--data", hub.Folder);
        Assert.Equal(0, code);
        Assert.Contains("whole: 2 entries", told, StringComparison.Ordinal);
        string head = told[(told.LastIndexOf(' ') + 1)..].Trim();
        Assert.Equal(0, (await RunAsync("audit", "verify", "--data", hub.Folder, "--head", head)).Code);
        Assert.Equal(3, (await RunAsync("audit", "verify", "--data", hub.Folder, "--head", new string('f', 64))).Code);
        (int bad, _, string mend) = await RunAsync("audit", "verify", "--data", hub.Folder, "--head", "7:ff");
        Assert.Equal(2, bad);
        Assert.Contains("64 hexadecimal digits", mend, StringComparison.Ordinal);
        (_, string shown, _) = await RunAsync("audit", "show", "--data", hub.Folder, "--site", "riverside");
        Assert.Contains($"{Environment.UserName} from command line: edge-added edge riverside", shown, StringComparison.Ordinal);

        using (Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={Path.Combine(hub.Folder, "ledger.db")}"))
        {
            await connection.OpenAsync();
            using Microsoft.Data.Sqlite.SqliteCommand tamper = connection.CreateCommand();
            tamper.CommandText = "DROP TRIGGER audit_entry_stays; UPDATE audit_entry SET actor = 'nobody' WHERE sequence = 2";
            await tamper.ExecuteNonQueryAsync();
        }

        (int broken, string where, _) = await RunAsync("audit", "verify", "--data", hub.Folder, "--json");
        using JsonDocument json = JsonDocument.Parse(where);
        Assert.Equal((3, 2L, 1L, false), (broken, json.RootElement.GetProperty("broken").GetInt64(), json.RootElement.GetProperty("verified").GetInt64(), json.RootElement.GetProperty("whole").GetBoolean()));
        Assert.Equal(2, (await RunAsync("audit", "verify", "--data", Path.Combine(hub.Folder, "nowhere"))).Code);
    }

    [Fact]
    public void Every_action_has_its_words_in_the_pages() =>
        Assert.Empty(AuditAction.All.Select(action => "audit-action." + action).Except(Pages.ResourceTests.Keys("Text.resx")));

    private static async Task<OneTimeSecret> AddAsync(HubUnderTest hub, string name, string role)
    {
        await using AsyncServiceScope scope = hub.Services.CreateAsyncScope();
        return (await scope.ServiceProvider.GetRequiredService<PeopleRegister>().AddAsync(name, role, default)).Secret!.Value;
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter errors = new();
        int code = await HubCommandLine.RunAsync(arguments, output, errors, TimeProvider.System);
        return (code, output.ToString(), errors.ToString());
    }

    [GeneratedRegex("<time>([^<]+)</time>")]
    private static partial Regex Times();
}
