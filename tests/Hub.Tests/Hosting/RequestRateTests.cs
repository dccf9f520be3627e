using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IotProperty.Hub.Tests.Hosting;

/// <summary>Who asks too often or too long waits, and what nobody may know is written nowhere.</summary>
public sealed class RequestRateTests
{
    [Fact]
    public async Task Guessing_passwords_or_tokens_ends_in_429_with_the_time_to_wait_and_disturbs_nobody_else()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync(
            change: settings => settings with { Limits = new ListenerLimits { LoginsPerMinute = 3, WrongTokensPerMinute = 4, RequestsPerMinute = 100 } });
        using HttpClient program = await hub.ProgramAsync(Roles.Guard);
        using HttpClient stranger = hub.Stranger();
        string token = HubUnderTest.TokenIn(await stranger.GetStringAsync(new Uri("/login", UriKind.Relative)));
        List<HttpStatusCode> logins = [];
        for (int i = 0; i < 5; i++)
        {
            using HttpResponseMessage answer = await HubUnderTest.PostAsync(stranger, "/login", ("name", "nobody"), ("password", "x"), ("form-token", token));
            logins.Add(answer.StatusCode);
            Assert.Equal(answer.StatusCode == HttpStatusCode.TooManyRequests, answer.Headers.RetryAfter?.Delta is { TotalSeconds: >= 1 and <= 60 });
        }

        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.Unauthorized, 3), .. Enumerable.Repeat(HttpStatusCode.TooManyRequests, 2)], logins);
        using HttpClient guesser = hub.Stranger();
        guesser.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "iotp_" + new string('A', 43));
        List<HttpStatusCode> guesses = [];
        for (int i = 0; i < 6; i++)
        {
            guesses.Add(await StatusAsync(guesser, "/api/v1/sites"));
        }

        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.Unauthorized, 4), .. Enumerable.Repeat(HttpStatusCode.TooManyRequests, 2)], guesses);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(program, "/api/v1/sites"));
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(program, "/api/v1/sites"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(stranger, "/healthz"));
    }

    [Fact]
    public async Task Login_ends_after_two_hours_without_a_request_and_after_twelve_with_them()
    {
        StandingClock clock = new();
        await using HubUnderTest hub = await HubUnderTest.StartAsync(clock);
        using HttpClient idle = await hub.AdministratorBrowserAsync();
        using HttpClient busy = await hub.AdministratorBrowserAsync();
        for (int i = 0; i < 7; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(100));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(busy, "/account"));
        }

        clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal((HttpStatusCode.Redirect, HttpStatusCode.Redirect), (await StatusAsync(busy, "/account"), await StatusAsync(idle, "/account")));
    }

    [Fact]
    public async Task Removed_role_and_changed_password_count_within_a_minute()
    {
        StandingClock clock = new();
        await using HubUnderTest hub = await HubUnderTest.StartAsync(clock);
        using HttpClient engineer = await hub.BrowserOfRoleAsync(Roles.Engineer);
        using HttpClient here = await hub.AdministratorBrowserAsync();
        using HttpClient elsewhere = await hub.AdministratorBrowserAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(engineer, "/work-orders"));
        await using (AsyncServiceScope scope = hub.Services.CreateAsyncScope())
        {
            PeopleContext people = scope.ServiceProvider.GetRequiredService<PeopleContext>();
            people.RoleGrants.RemoveRange(people.RoleGrants.Where(grant => grant.Role == Roles.Engineer));
            await people.SaveChangesAsync();
        }

        using HttpResponseMessage changed = await HubUnderTest.PostFormAsync(
            here, "/account", "/account/password", ("current", hub.Administrator.Secret), ("next", "violet umbrella 77"));
        Assert.Equal(HttpStatusCode.SeeOther, changed.StatusCode);
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(
            (HttpStatusCode.Forbidden, HttpStatusCode.OK, HttpStatusCode.Redirect),
            (await StatusAsync(engineer, "/work-orders"), await StatusAsync(here, "/account"), await StatusAsync(elsewhere, "/account")));
    }

    [Fact]
    public async Task Logs_metrics_and_the_audit_log_hold_no_secret_of_a_login_a_token_or_an_edge()
    {
        HeardLog heard = new();
        await using HubUnderTest hub = await HubUnderTest.StartAsync(
            rooms: services => services.AddSingleton<ILoggerProvider>(heard).Configure<LoggerFilterOptions>(options =>
            {
                options.Rules.Clear();
                options.MinLevel = LogLevel.Trace;
            }));
        (string edge, string token) = (await TellAsync("password", "edge", "add", "riverside", "--data", hub.Folder, "--json"), await TellAsync("token", "token", "create", "--role", "administrator", "--data", hub.Folder, "--json"));
        string guard = await TellAsync("password", "user", "add", "guard", "--role", "guard", "--site", "riverside", "--data", hub.Folder, "--json");
        using HttpClient browser = await hub.AdministratorBrowserAsync();
        using HttpClient wrong = hub.Stranger();
        using HttpResponseMessage refused = await HubUnderTest.PostFormAsync(wrong, "/login", "/login", ("name", "administrator"), ("password", "wrong-pass-1234"));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        using HttpClient program = hub.Stranger();
        program.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        string metrics = await program.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        string audit = await program.GetStringAsync(new Uri("/api/v1/audit", UriKind.Relative));
        await hub.Services.GetRequiredService<IotProperty.Hub.Ingest.IEdgeCredentials>().AuthenticateAsync("riverside", "riverside", System.Text.Encoding.UTF8.GetBytes(edge), default);
        string logs = string.Join('\n', heard.Lines);
        Assert.True(heard.Lines.Count > 20, "the log was not heard");
        Assert.Contains("login", audit, StringComparison.Ordinal);
        foreach (string secret in (string[])[hub.Administrator.Secret, edge, token, guard, "wrong-pass-1234"])
        {
            Assert.DoesNotContain(secret, logs, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, metrics, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, audit, StringComparison.Ordinal);
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string address)
    {
        using HttpResponseMessage answer = await client.GetAsync(new Uri(address, UriKind.Relative));
        return answer.StatusCode;
    }

    /// <summary>Runs a command and returns what it printed once.</summary>
    private static async Task<string> TellAsync(string member, params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter errors = new();
        Assert.Equal((0, ""), (await HubCommandLine.RunAsync(arguments, output, errors, TimeProvider.System), errors.ToString()));
        using System.Text.Json.JsonDocument told = System.Text.Json.JsonDocument.Parse(output.ToString());
        return told.RootElement.GetProperty(member).GetString()!;
    }

    private sealed class HeardLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Lines.Enqueue(state.ToString() ?? "");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
