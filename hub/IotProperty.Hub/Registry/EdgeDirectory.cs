using System.Collections.Concurrent;
using IotProperty.Hub.Billing;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Registry;

/// <summary>Keeps each edge's newest state in the ledger, and when it was last heard in memory. Safe for callers on any task.</summary>
public sealed class EdgeDirectory(Ledger ledger, TimeProvider time) : IEdgeDirectory
{
    private readonly ConcurrentDictionary<string, long> _heardMs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _unwrittenMs = new(StringComparer.Ordinal);

    public void Heard(string site)
    {
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        _heardMs[site] = nowMs;
        _unwrittenMs[site] = nowMs;
    }

    /// <summary>Which edges were heard since the last call, and when; milliseconds since the Unix epoch, UTC.</summary>
    internal IReadOnlyDictionary<string, long> TakeHeard()
    {
        Dictionary<string, long> taken = new(StringComparer.Ordinal);
        foreach (string site in _unwrittenMs.Keys)
        {
            if (_unwrittenMs.TryRemove(site, out long heardMs))
            {
                taken[site] = heardMs;
            }
        }

        return taken;
    }

    /// <summary>The record with what this process heard since it was written.</summary>
    public EdgeRecord WithLastHeard(EdgeRecord edge)
    {
        ArgumentNullException.ThrowIfNull(edge);
        return _heardMs.TryGetValue(edge.Site, out long heardMs) && heardMs > (edge.LastSeenMs ?? 0) ? edge with { LastSeenMs = heardMs } : edge;
    }

    public async ValueTask<bool> TakeStateAsync(EdgeState state, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(state);
        Heard(state.Site);
        (bool changed, IReadOnlyList<LiveEvent> _) = await ledger.CommitAsync(change => TakeAsync(change, state), cancellationToken);
        return changed;
    }

    private static async Task<bool> TakeAsync(LedgerChange change, EdgeState state)
    {
        await SiteBook.EnsureAsync(change.Db, state.Site, change.CancellationToken);
        EdgeRecord? known = await change.Db.Set<EdgeRecord>().SingleOrDefaultAsync(e => e.Site == state.Site, change.CancellationToken);
        if (known is not null && state.Epoch < known.Epoch)
        {
            return false;
        }

        EdgeRecord next = new()
        {
            Site = state.Site,
            Online = state.Online,
            Epoch = state.Epoch,
            Version = state.Version,
            ProfileHash = state.ProfileHash,
            StateMs = state.TimeMs,
            LastSeenMs = change.NowMs,
            Catalogue = state.Catalogue ?? known?.Catalogue,
        };
        await (known is null ? change.InsertAsync(next) : change.UpdateAsync(next));
        bool renamed = state.Catalogue is { } catalogue && await NameSiteAsync(change, state.Site, catalogue);
        bool changed = renamed
            || known is null
            || (known.Online, known.Epoch, known.Version, known.ProfileHash) != (next.Online, next.Epoch, next.Version, next.ProfileHash);
        if (changed)
        {
            // Those who watch at this hub hear it from the caller, after the commit; those at others with the commit.
            change.Announce(LiveKind.Edge, state.Site, state.Site);
        }

        return changed;
    }

    private static async Task<bool> NameSiteAsync(LedgerChange change, string id, SiteCatalogue catalogue)
    {
        Site known = await change.Db.Set<Site>().SingleAsync(s => s.Id == id, change.CancellationToken);
        Site named = known with
        {
            Name = catalogue.Name,
            // A zone that nobody knows would make every day and year of the site unreadable; the known one stays.
            TimeZone = BillingCalendar.For(catalogue.TimeZone) is null ? known.TimeZone : catalogue.TimeZone,
        };
        if (named == known)
        {
            return false;
        }

        await change.UpdateAsync(named);
        return true;
    }
}
