using System.Net;

namespace IotProperty.Tracing;

/// <summary>The exporter's HTTP: adds the headers, remembers why a request was not taken, and can be told to give up what is under way.</summary>
internal sealed class ExportRequests : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationToken _ended;
    private volatile string _why = "no answer";

    public ExportRequests() => _ended = _ending.Token;

    /// <summary>Of the last export, for people.</summary>
    public string WhyNotTaken => _why;

    public HttpClient NewClient(IReadOnlyList<KeyValuePair<string, string>> headers, TimeSpan timeout)
    {
        // A collector that sends elsewhere would have the headers go there.
        HttpClient client = new(new Watched(this, new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = timeout })) { Timeout = timeout };
        foreach ((string name, string value) in headers)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }

        return client;
    }

    /// <summary>Ends what is under way; nothing is sent any more.</summary>
    public void Dispose()
    {
        _ending.Cancel();
        _ending.Dispose();
    }

    private void Note(HttpStatusCode answered) => _why = $"HTTP {(int)answered} {answered}";

    /// <summary>The exporter sends from a thread of its own, and so does not send asynchronously.</summary>
    private sealed class Watched(ExportRequests requests, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, requests._ended);
            try
            {
                HttpResponseMessage response = base.Send(request, either.Token);
                requests.Note(response.StatusCode);
                return response;
            }
            catch (Exception failed) when (failed is HttpRequestException or OperationCanceledException)
            {
                requests._why = failed is HttpRequestException ? failed.Message : "no answer in time";
                throw;
            }
        }
    }
}
