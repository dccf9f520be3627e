namespace IotProperty.Hub.Ingest.Broker;

/// <summary>Remembers for a while which sites have an edge, and says once which ones have none. Safe on any task.</summary>
internal sealed class BrokerSites(IEdgeRegister register, BrokerOptions options, TimeProvider time, ILogger logger)
{
    private const int MaxNameChars = 64;
    private const int MaxRemembered = 32_768;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (bool Known, long Asked)> _remembered = new(StringComparer.Ordinal);
    private bool _overflowLogged;

    /// <summary>Throws what the ledger throws when it cannot answer.</summary>
    public async ValueTask<bool> KnowsAsync(string site)
    {
        if (site.Length > MaxNameChars)
        {
            return false;
        }

        bool knownBefore;
        (bool Known, long Asked) answer;
        lock (_gate)
        {
            knownBefore = _remembered.TryGetValue(site, out answer);
            if (knownBefore && time.GetElapsedTime(answer.Asked) < options.SiteMemory)
            {
                return answer.Known;
            }
        }

        long asked = time.GetTimestamp();
        bool known = await register.KnowsAsync(site, CancellationToken.None).ConfigureAwait(false);
        Remember(site, known, asked);
        if (!known && (!knownBefore || answer.Known))
        {
            BrokerLog.UnknownSite(logger, FrontDoorLog.Bounded(site));
        }

        return known;
    }

    private void Remember(string site, bool known, long asked)
    {
        lock (_gate)
        {
            if (_remembered.Count >= MaxRemembered && !_remembered.ContainsKey(site))
            {
                // Only a broker that lets one client speak for any site can bring so many names.
                _remembered.Clear();
                if (!_overflowLogged)
                {
                    _overflowLogged = true;
                    BrokerLog.TooManySites(logger, MaxRemembered);
                }
            }

            _remembered[site] = (known, asked);
        }
    }
}
