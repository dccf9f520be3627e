using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Hosting;

/// <summary>Something that the hub cannot do without. Registered by whoever brings it; asked by <c>/healthz</c>. Safe on any task.</summary>
public interface IHealthProbe
{
    /// <summary>What does not answer and why, in words for the operator and without secrets; null when all is well.</summary>
    Task<string?> WhyNotAsync(CancellationToken cancellationToken);
}

/// <summary>Whether the ledger's database answers.</summary>
internal sealed class LedgerProbe(Ledger ledger) : IHealthProbe
{
    public async Task<string?> WhyNotAsync(CancellationToken cancellationToken) =>
        await ledger.ReadAsync(db => db.Database.CanConnectAsync(cancellationToken), cancellationToken) ? null : "the ledger's database does not answer";
}
