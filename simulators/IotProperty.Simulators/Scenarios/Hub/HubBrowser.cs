using System.Net;
using System.Text.RegularExpressions;

namespace IotProperty.Simulators.Scenarios.Hub;

/// <summary>Sees the hub's pages as a person does: logs in with name and password and keeps the cookie.</summary>
public sealed partial class HubBrowser : IDisposable
{
    private readonly HttpClient _http;

    public HubBrowser(string http)
    {
        HttpClientHandler handler = new() { CookieContainer = new CookieContainer(), AllowAutoRedirect = false };
        _http = new HttpClient(handler) { BaseAddress = new Uri($"http://{http}/"), Timeout = TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.AcceptLanguage.ParseAdd("en");
    }

    /// <summary>Fills in the login form; throws <see cref="ScenarioException"/> when the hub does not let us in.</summary>
    public async Task LogInAsync(string name, string password, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync("login", "login", new() { ["name"] = name, ["password"] = password }, cancellationToken);
        if (response.StatusCode is not (HttpStatusCode.SeeOther or HttpStatusCode.Found))
        {
            throw new ScenarioException($"logging in was answered {(int)response.StatusCode}");
        }
    }

    /// <summary>Replaces the password of whoever is logged in; throws <see cref="ScenarioException"/> when the hub does not take it.</summary>
    public async Task ChoosePasswordAsync(string current, string next, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync("account", "account/password", new() { ["current"] = current, ["next"] = next }, cancellationToken);
        if (response.StatusCode is not HttpStatusCode.SeeOther)
        {
            throw new ScenarioException($"choosing a password was answered {(int)response.StatusCode}");
        }
    }

    /// <summary>A page, or part of one, as it is now.</summary>
    public async Task<string> PageAsync(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        return response.StatusCode == HttpStatusCode.OK
            ? WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync(cancellationToken))
            : throw new ScenarioException($"page {path} was answered {(int)response.StatusCode}");
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Fills in a form of the page, hidden fields as they stand there.</summary>
    private async Task<HttpResponseMessage> SendAsync(string page, string action, Dictionary<string, string> typed, CancellationToken cancellationToken)
    {
        string form = await _http.GetStringAsync(new Uri(page, UriKind.Relative), cancellationToken);
        Dictionary<string, string> fields = HiddenField().Matches(form).DistinctBy(m => m.Groups[1].Value).ToDictionary(m => m.Groups[1].Value, m => WebUtility.HtmlDecode(m.Groups[2].Value));
        foreach ((string name, string value) in typed)
        {
            fields[name] = value;
        }

        using FormUrlEncodedContent content = new(fields);
        return await _http.PostAsync(new Uri(action, UriKind.Relative), content, cancellationToken);
    }

    [GeneratedRegex("""<input type="hidden" name="([^"]+)" value="([^"]*)" ?/?>""")]
    private static partial Regex HiddenField();
}
