using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace IotProperty.Simulators.Scenarios.Hub;

/// <summary>A client of the hub's HTTP API with a bearer token. Safe on any task.</summary>
public sealed class HubApi : IDisposable
{
    private const int PageSize = 1000;
    private const int SamplesPerPage = 10_000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _http;

    public HubApi(string http, string token)
    {
        _http = new HttpClient { BaseAddress = new Uri($"http://{http}/api/v1/"), Timeout = TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public static string Rfc3339(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Every item of a list, page by page.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(string path, CancellationToken cancellationToken)
    {
        List<T> items = [];
        string? cursor = null;
        do
        {
            string separator = path.Contains('?', StringComparison.Ordinal) ? "&" : "?";
            string query = cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}";
            HubPage<T> page = await GetAsync<HubPage<T>>($"{path}{separator}limit={PageSize}{query}", cancellationToken);
            items.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);
        return items;
    }

    /// <summary>Every sample of a point in [from, to), oldest first.</summary>
    public async Task<IReadOnlyList<HubSample>> SamplesAsync(string site, string point, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        List<HubSample> items = [];
        string? cursor = null;
        do
        {
            string query = cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}";
            HubPage<HubSample> page = await GetAsync<HubPage<HubSample>>(
                $"telemetry?site={site}&point={Uri.EscapeDataString(point)}&from={Rfc3339(from)}&to={Rfc3339(to)}&limit={SamplesPerPage}{query}", cancellationToken);
            items.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);
        return items;
    }

    public async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _http.GetAsync(path, cancellationToken);
        return await ReadAsync<T>($"GET {path}", response, HttpStatusCode.OK, cancellationToken);
    }

    /// <summary>Anything that the hub serves as text.</summary>
    public Task<string> TextAsync(string address, CancellationToken cancellationToken) => _http.GetStringAsync(new Uri(address), cancellationToken);

    /// <summary>Asks for something that the hub refuses; throws <see cref="ScenarioException"/> when it does not.</summary>
    public async Task<HttpStatusCode> RefusedAsync(string path, object body, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _http.PostAsJsonAsync(path, body, Json, cancellationToken);
        return response.IsSuccessStatusCode ? throw new ScenarioException($"POST {path} should have been refused and was answered {(int)response.StatusCode}") : response.StatusCode;
    }

    /// <summary>Adds a record; throws <see cref="ScenarioException"/> with the hub's words unless it answers 201.</summary>
    public async Task<T> PostAsync<T>(string path, object body, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _http.PostAsJsonAsync(path, body, Json, cancellationToken);
        return await ReadAsync<T>($"POST {path}", response, HttpStatusCode.Created, cancellationToken);
    }

    /// <summary>Adds a record and returns its id.</summary>
    public async Task<string> AddAsync(string path, object body, CancellationToken cancellationToken) =>
        (await PostAsync<HubRecord>(path, body, cancellationToken)).Id;

    /// <summary>The live stream of server-sent events, from now on; the caller reads and disposes.</summary>
    public async Task<Stream> OpenLiveAsync(CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await _http.GetAsync("live", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStreamAsync(cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private static async Task<T> ReadAsync<T>(string what, HttpResponseMessage response, HttpStatusCode expected, CancellationToken cancellationToken)
    {
        string body = await response.Content.ReadAsStringAsync(cancellationToken);
        if (response.StatusCode != expected)
        {
            throw new ScenarioException($"{what} was answered {(int)response.StatusCode}: {(body.Length > 600 ? body[..600] : body)}");
        }

        return JsonSerializer.Deserialize<T>(body, Json) ?? throw new ScenarioException($"{what} was answered with nothing");
    }
}
