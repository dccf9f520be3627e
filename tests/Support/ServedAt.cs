namespace IotProperty.Tests;

/// <summary>Waits until a server that a test started answers.</summary>
public static class ServedAt
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns when the address answers with success; throws when it does not within a minute.</summary>
    public static async Task WaitAsync(Uri address)
    {
        using HttpClient client = new();
        using CancellationTokenSource patience = new(Patience, TimeProvider.System);
        while (true)
        {
            try
            {
                using HttpResponseMessage response = await client.GetAsync(address, patience.Token);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(Pause, TimeProvider.System, patience.Token);
        }
    }
}
