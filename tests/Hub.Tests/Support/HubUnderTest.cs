using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Support;

/// <summary>A whole hub on loopback, on ports that the system chose, over a data folder of its own.</summary>
public sealed partial class HubUnderTest : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly HubHost _host;
    private readonly IDisposable _lock;
    private bool _stopped;

    private HubUnderTest(DirectoryInfo folder, IDisposable taken, HubHost host, OneTimeSecret administrator)
    {
        _folder = folder;
        _lock = taken;
        _host = host;
        Administrator = administrator;
    }

    public OneTimeSecret Administrator { get; }

    public string Folder => _folder.FullName;

    public IServiceProvider Services => _host.Application.Services;

    public Uri Address => _host.HttpAddress;

    public IPEndPoint MqttEndPoint => _host.MqttEndPoint;

    /// <param name="time">Null: the system's.</param>
    /// <param name="ledger">Null: SQLite in the folder.</param>
    /// <param name="telemetry">Null: SQLite in the folder.</param>
    /// <param name="change">What it is told otherwise than usual.</param>
    /// <param name="rooms">What a test replaces or adds.</param>
    public static async Task<HubUnderTest> StartAsync(
        TimeProvider? time = null, PostgresSettings? ledger = null, TelemetrySettings? telemetry = null, Func<HubSettings, HubSettings>? change = null, Action<IServiceCollection>? rooms = null)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("iotp-hub-");
        DataFolder folder = DataFolder.Open(directory.FullName);
        HubSettings settings = new(directory.FullName, FrontDoorAddress.AnyLoopbackPort, FrontDoorAddress.AnyLoopbackPort)
        {
            Configuration = new HubConfiguration { Ledger = ledger, Telemetry = telemetry },

            // All tests come from one address.
            Limits = new ListenerLimits { LoginsPerMinute = 100_000, WrongTokensPerMinute = 100_000, RequestsPerMinute = 1_000_000 },
        };
        settings = change?.Invoke(settings) ?? settings;
        IDisposable taken = folder.Lock();
        HubHost host = HubHost.Build(settings, folder, time ?? TimeProvider.System, rooms);
        host.Prepare();
        OneTimeSecret administrator = (await host.EnsureAdministratorAsync(CancellationToken.None)).GetValueOrDefault();
        await host.Application.StartAsync();
        return new HubUnderTest(directory, taken, host, administrator);
    }

    /// <summary>A client without any right, that follows no redirect and keeps cookies.</summary>
    public HttpClient Stranger() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = true, CookieContainer = new CookieContainer() })
    {
        BaseAddress = Address,
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>A program with a token of the role.</summary>
    public Task<HttpClient> ProgramAsync(string role) => ProgramAsync(role, null, null);

    /// <summary>A program with a token of the role at some sites, with some of its permissions; null: all.</summary>
    public async Task<HttpClient> ProgramAsync(string role, string[]? sites, Permission[]? permissions, TimeSpan? life = null)
    {
        await using AsyncServiceScope scope = Services.CreateAsyncScope();
        DateTimeOffset end = scope.ServiceProvider.GetRequiredService<TimeProvider>().GetUtcNow() + (life ?? TimeSpan.FromDays(1));
        OneTimeSecret token = await scope.ServiceProvider.GetRequiredService<ApiTokens>().CreateAsync(role, role, end, CancellationToken.None, sites, permissions);
        HttpClient client = Stranger();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Secret);
        return client;
    }

    /// <summary>A browser in which this person is logged in; a one-time password is taken as one that they have chosen.</summary>
    public async Task<HttpClient> BrowserAsync(string user, string password, string language = "en")
    {
        await using (AsyncServiceScope scope = Services.CreateAsyncScope())
        {
            PeopleContext people = scope.ServiceProvider.GetRequiredService<PeopleContext>();
            await people.Users.Where(person => person.UserName == user).ExecuteUpdateAsync(set => set.SetProperty(person => person.HasOneTimePassword, false));
        }

        return await BrowserAsItIsAsync(user, password, language);
    }

    /// <summary>A browser in which this person is logged in.</summary>
    public async Task<HttpClient> BrowserAsItIsAsync(string user, string password, string language = "en")
    {
        HttpClient browser = Stranger();
        browser.DefaultRequestHeaders.AcceptLanguage.ParseAdd(language);
        using HttpResponseMessage answer = await PostFormAsync(browser, "/login", "/login", ("name", user), ("password", password));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return browser;
    }

    public Task<HttpClient> AdministratorBrowserAsync(string language = "en") => BrowserAsync(Administrator.Name, Administrator.Secret, language);

    /// <summary>Adds a person of the role and logs them in.</summary>
    public async Task<HttpClient> BrowserOfRoleAsync(string role)
    {
        await using AsyncServiceScope scope = Services.CreateAsyncScope();
        Issued issued = await scope.ServiceProvider.GetRequiredService<PeopleRegister>().AddAsync("a-" + role, role, CancellationToken.None);
        return await BrowserAsync(issued.Secret!.Value.Name, issued.Secret.Value.Secret);
    }

    /// <summary>Takes the form's token from the page where it stands and sends the form.</summary>
    public static async Task<HttpResponseMessage> PostFormAsync(HttpClient browser, string page, string action, params (string Name, string Value)[] fields)
    {
        string html = await browser.GetStringAsync(new Uri(page, UriKind.Relative));
        return await PostAsync(browser, action, [.. fields, ("form-token", TokenIn(html))]);
    }

    public static async Task<HttpResponseMessage> PostAsync(HttpClient browser, string action, params (string Name, string Value)[] fields)
    {
        using FormUrlEncodedContent content = new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await browser.PostAsync(new Uri(action, UriKind.RelativeOrAbsolute), content);
    }

    public static string TokenIn(string html) => FormToken().Match(html) is { Success: true } match
        ? WebUtility.HtmlDecode(match.Groups[1].Value)
        : throw new InvalidOperationException("the page holds no form");

    /// <summary>Stops it and gives its folder back, which stays until it is disposed of.</summary>
    public async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _host.Application.StopAsync();
            await _host.Application.DisposeAsync();
            _lock.Dispose();
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Delete(recursive: true);
    }

    [GeneratedRegex("name=\"form-token\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();
}

/// <summary>One hub for all tests of a class that do not mind each other's records.</summary>
public sealed class HubFixture : IAsyncLifetime
{
    public HubUnderTest Hub { get; private set; } = null!;

    public async Task InitializeAsync() => Hub = await HubUnderTest.StartAsync();

    public async Task DisposeAsync() => await Hub.DisposeAsync();
}
