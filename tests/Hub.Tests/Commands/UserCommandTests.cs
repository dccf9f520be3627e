using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Security.Claims;
using System.Text.Json;
using System.Threading.Channels;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Live;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Commands;

/// <summary>People managed by commands beside the running hub, whose open logins and streams feel it.</summary>
public sealed class UserCommandTests
{
    [Theory]
    [InlineData("revoke", "--role", "engineer")]
    [InlineData("remove")]
    [InlineData("reset-password")]
    public async Task What_takes_something_away_ends_the_logins_at_the_next_request(string verb, params string[] options)
    {
        StandingClock clock = new();
        await using HubUnderTest hub = await HubUnderTest.StartAsync(clock);
        using HttpClient engineer = await hub.BrowserOfRoleAsync(Roles.Engineer);
        using HttpClient other = await hub.BrowserOfRoleAsync(Roles.Guard);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(engineer, "/work-orders"));
        (int code, string told, string errors) = await RunAsync(clock, ["user", verb, "a-engineer", .. options, "--data", hub.Folder]);
        Assert.Equal((0, ""), (code, errors));
        Assert.NotEqual("", told);

        // The clock stands: no minute has to pass first.
        Assert.Equal(HttpStatusCode.Redirect, await StatusAsync(engineer, "/work-orders"));
        using HttpResponseMessage api = await engineer.GetAsync(new Uri("/api/v1/work-orders", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, api.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(other, "/alarms"));
        AuditEntry entry = (await hub.Services.GetRequiredService<AuditDesk>().ListAsync(new AuditQuery(ObjectId: "a-engineer"), PageRequest.First, default)).Items[0];
        Assert.Equal((ActorKind.Command, Environment.UserName, "command line"), (entry.ActorKind, entry.Actor, entry.Origin));
    }

    [Fact]
    public async Task Granted_role_counts_in_an_open_login_within_a_minute()
    {
        StandingClock clock = new();
        await using HubUnderTest hub = await HubUnderTest.StartAsync(clock);
        using HttpClient guard = await hub.BrowserOfRoleAsync(Roles.Guard);
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(guard, "/invoices"));
        Assert.Equal(0, (await RunAsync(clock, "user", "grant", "a-guard", "--role", "billing", "--data", hub.Folder)).Code);
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(guard, "/invoices"));
    }

    [Fact]
    public async Task Reset_password_is_told_once_lets_in_and_must_be_changed()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        using HttpClient guard = await hub.BrowserOfRoleAsync(Roles.Guard);
        (int code, string told, _) = await RunAsync(TimeProvider.System, "user", "reset-password", "a-guard", "--data", hub.Folder, "--json");
        using JsonDocument json = JsonDocument.Parse(told);
        string password = json.RootElement.GetProperty("password").GetString()!;
        Assert.Equal((0, "a-guard"), (code, json.RootElement.GetProperty("user").GetString()));
        using HttpClient again = await hub.BrowserAsItIsAsync("a-guard", password);
        Assert.Equal((HttpStatusCode.SeeOther, HttpStatusCode.OK), (await StatusAsync(again, "/alarms"), await StatusAsync(again, "/account")));
        using HttpResponseMessage changed = await HubUnderTest.PostFormAsync(again, "/account", "/account/password", ("current", password), ("next", "violet umbrella 77"));
        Assert.Equal((HttpStatusCode.SeeOther, HttpStatusCode.OK), (changed.StatusCode, await StatusAsync(again, "/alarms")));
    }

    [Fact]
    public async Task Locked_out_person_is_listed_and_unlocked()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        using HttpClient guard = await hub.BrowserOfRoleAsync(Roles.Guard);
        (int free, _, string why) = await RunAsync(TimeProvider.System, "user", "unlock", "a-guard", "--data", hub.Folder);
        Assert.Equal(ExitCode.BadUsage, free);
        Assert.Contains("is not locked out", why, StringComparison.Ordinal);
        using HttpClient stranger = hub.Stranger();
        for (int i = 0; i < 5; i++)
        {
            using HttpResponseMessage wrong = await HubUnderTest.PostFormAsync(stranger, "/login", "/login", ("name", "a-guard"), ("password", "wrong"));
        }

        (_, string listed, _) = await RunAsync(TimeProvider.System, "user", "list", "--data", hub.Folder);
        Assert.Contains("administrator  administrator at every site  changed 20", listed, StringComparison.Ordinal);
        Assert.Matches("a-guard  guard at every site  changed 20[^ ]+  locked out until 20", listed);
        Assert.Equal(0, (await RunAsync(TimeProvider.System, "user", "unlock", "a-guard", "--data", hub.Folder)).Code);
        (_, string json, _) = await RunAsync(TimeProvider.System, "user", "list", "--data", hub.Folder, "--json");
        using JsonDocument person = JsonDocument.Parse(json.Split('\n')[0]);
        Assert.Equal(
            ("a-guard", "guard", "*", JsonValueKind.Null, false),
            (person.RootElement.GetProperty("user").GetString(), person.RootElement.GetProperty("roles")[0].GetProperty("role").GetString(),
                person.RootElement.GetProperty("roles")[0].GetProperty("site").GetString(), person.RootElement.GetProperty("lockedOutUntil").ValueKind,
                person.RootElement.GetProperty("oneTimePassword").GetBoolean()));
    }

    [Fact]
    public async Task Last_administrator_is_kept_with_the_mend()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        (int code, _, string why) = await RunAsync(TimeProvider.System, "user", "remove", "administrator", "--data", hub.Folder);
        Assert.Equal(ExitCode.BadUsage, code);
        Assert.Contains("user add NAME --role administrator", why, StringComparison.Ordinal);
        (int revoked, _, string mend) = await RunAsync(TimeProvider.System, "user", "revoke", "administrator", "--role", "administrator", "--data", hub.Folder);
        Assert.Equal(ExitCode.BadUsage, revoked);
        Assert.Contains("user grant NAME --role administrator", mend, StringComparison.Ordinal);
        using HttpClient browser = await hub.AdministratorBrowserAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, "/audit"));
    }

    [Fact]
    public async Task Token_of_a_person_that_is_removed_is_refused_and_listed_with_its_owner()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        using HttpClient browser = await hub.BrowserOfRoleAsync(Roles.Engineer);
        (_, string told, _) = await RunAsync(TimeProvider.System, "token", "create", "--role", "engineer", "--owner", "a-engineer", "--data", hub.Folder, "--json");
        using JsonDocument json = JsonDocument.Parse(told);
        using HttpClient program = hub.Stranger();
        program.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", json.RootElement.GetProperty("token").GetString());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(program, "/api/v1/sites"));
        Assert.Equal(0, (await RunAsync(TimeProvider.System, "user", "remove", "a-engineer", "--data", hub.Folder)).Code);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(program, "/api/v1/sites"));
        (_, string listed, _) = await RunAsync(TimeProvider.System, "token", "list", "--data", hub.Folder);
        Assert.Matches("revoked +engineer at .* of a-engineer", listed);
    }

    [Fact]
    public async Task Live_stream_ends_once_its_reader_may_no_longer_read_it()
    {
        bool allowed = true;
        Channel<SseItem<string>> source = Channel.CreateUnbounded<SseItem<string>>();
        TickingClock ticking = new();
        await using var stream = LiveStream.WhileAllowedAsync(source.Reader.ReadAllAsync(), ticking, _ => Task.FromResult(allowed), default).GetAsyncEnumerator();
        await source.Writer.WriteAsync(new("1"));
        Assert.True(await stream.MoveNextAsync());
        allowed = false;
        await source.Writer.WriteAsync(new("2"));
        Assert.True(await stream.MoveNextAsync());
        ticking.Advance(LiveStream.Beat);
        await source.Writer.WriteAsync(new("3"));
        Assert.False(await stream.MoveNextAsync());
    }

    [Fact]
    public async Task What_somebody_was_let_in_with_no_longer_holds_once_it_is_taken_away()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        await using AsyncServiceScope scope = hub.Services.CreateAsyncScope();
        AccessCheck check = scope.ServiceProvider.GetRequiredService<AccessCheck>();
        PeopleRegister people = scope.ServiceProvider.GetRequiredService<PeopleRegister>();
        Issued issued = await people.AddAsync("sun", Roles.Guard, default);
        Assert.NotNull(issued.Secret);
        UserManager<Person> users = scope.ServiceProvider.GetRequiredService<UserManager<Person>>();
        IUserClaimsPrincipalFactory<Person> claims = scope.ServiceProvider.GetRequiredService<IUserClaimsPrincipalFactory<Person>>();
        ClaimsPrincipal who = await claims.CreateAsync((await users.FindByNameAsync("sun"))!);
        Assert.True(await check.StillHoldsAsync(who, default));
        await people.ResetPasswordAsync("sun", default);
        Assert.False(await check.StillHoldsAsync(who, default));
        who = await claims.CreateAsync((await users.FindByNameAsync("sun"))!);
        Assert.True(await check.StillHoldsAsync(who, default));
        await people.RemoveAsync("sun", default);
        Assert.False(await check.StillHoldsAsync(who, default));
        Assert.False(await check.StillHoldsAsync(new ClaimsPrincipal(), default));
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string address)
    {
        using HttpResponseMessage answer = await client.GetAsync(new Uri(address, UriKind.Relative));
        return answer.StatusCode;
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(TimeProvider time, params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter errors = new();
        int code = await HubCommandLine.RunAsync(arguments, output, errors, time);
        return (code, output.ToString(), errors.ToString());
    }

    private sealed class TickingClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
