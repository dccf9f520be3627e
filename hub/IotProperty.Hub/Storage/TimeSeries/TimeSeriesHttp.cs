using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>Requests to a time-series server, bounded in time and size, and every failure with the server's own words.</summary>
internal sealed class TimeSeriesHttp : IDisposable
{
    private const int MaxConnections = 32;
    private const int MaxAnswerBytes = 512 << 20;
    private const int MaxErrorChars = 400;

    private readonly HttpClient _client;
    private readonly string _server;

    /// <param name="server">For errors.</param>
    /// <param name="user">Null for a server without login.</param>
    public TimeSeriesHttp(string server, string? user, string? password)
    {
        _server = server;
        _client = new(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = MaxConnections,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip,
        })
        {
            Timeout = TimeSpan.FromSeconds(60),
        };
        if (user is not null)
        {
            _client.DefaultRequestHeaders.Authorization =
                new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        }
    }

    /// <summary>Where the server's clock stood when it answered last, as it said itself; null when it does not say.</summary>
    public DateTimeOffset? ServerTime { get; private set; }

    public async Task PostAsync(Uri uri, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, uri) { Content = new ReadOnlyMemoryContent(content) };
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
    }

    /// <summary>The whole answer.</summary>
    public Task<byte[]> GetAsync(Uri uri, CancellationToken cancellationToken) => ReadAsync(new(HttpMethod.Get, uri), cancellationToken);

    /// <summary>As <see cref="GetAsync"/>, for questions longer than an address may be.</summary>
    public Task<byte[]> AskAsync(Uri uri, IEnumerable<KeyValuePair<string, string>> form, CancellationToken cancellationToken) =>
        ReadAsync(new(HttpMethod.Post, uri) { Content = new FormUrlEncodedContent(form) }, cancellationToken);

    public void Dispose() => _client.Dispose();

    /// <summary>An address below a base that may have a path of its own.</summary>
    public static Uri Below(Uri root, string path) => new($"{root.GetLeftPart(UriPartial.Path).TrimEnd('/')}{path}");

    private async Task<byte[]> ReadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            using HttpResponseMessage response = await SendAsync(request, cancellationToken);
            ServerTime = response.Headers.Date;
            await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
            using MemoryStream answer = new();
            byte[] buffer = ArrayPool<byte>.Shared.Rent(81_920);
            try
            {
                for (int read; (read = await body.ReadAsync(buffer, cancellationToken)) > 0;)
                {
                    answer.Write(buffer, 0, read);
                    if (answer.Length > MaxAnswerBytes)
                    {
                        throw new IOException($"{_server}: its answer is longer than {MaxAnswerBytes} bytes — ask for less time at once");
                    }
                }
            }
            catch (HttpRequestException broken)
            {
                throw new IOException($"{_server}: its answer broke off: {broken.Message}", broken);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            return answer.ToArray();
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException away)
        {
            throw new IOException($"{_server} does not answer at {request.RequestUri!.GetLeftPart(UriPartial.Authority)}: {away.Message}", away);
        }
        catch (TaskCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{_server} did not answer within {_client.Timeout.TotalSeconds} s", late);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            string said = await response.Content.ReadAsStringAsync(cancellationToken);
            string message = $"{_server} answered {(int)response.StatusCode}: {new string([.. said.Take(MaxErrorChars).Select(c => char.IsControl(c) ? ' ' : c)]).Trim()}";
            throw (int)response.StatusCode is >= 400 and < 500 and not 401 and not 403 and not 404 and not 408 and not 429
                ? new TimeSeriesRefusedException(message)
                : new IOException(message);
        }
    }
}
