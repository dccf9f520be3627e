namespace IotProperty.Hub.Registry;

/// <summary>
/// Sites, buildings, units, occupants and the equipment ledger. Safe for callers on any task. A record that is added with an empty id gets one;
/// lists come in order of id.
/// </summary>
public interface IRegistry
{
    ValueTask<IReadOnlyList<Site>> SitesAsync(CancellationToken cancellationToken);

    ValueTask<Site?> FindSiteAsync(string id, CancellationToken cancellationToken);

    ValueTask<Result<Site>> AddAsync(Site site, CancellationToken cancellationToken);

    ValueTask<Page<Building>> BuildingsAsync(string? site, PageRequest page, CancellationToken cancellationToken);

    ValueTask<Building?> FindBuildingAsync(string id, CancellationToken cancellationToken);

    ValueTask<Result<Building>> AddAsync(Building building, CancellationToken cancellationToken);

    ValueTask<Page<Unit>> UnitsAsync(string? building, PageRequest page, CancellationToken cancellationToken);

    ValueTask<Unit?> FindUnitAsync(string id, CancellationToken cancellationToken);

    ValueTask<Result<Unit>> AddAsync(Unit unit, CancellationToken cancellationToken);

    /// <summary>Masked as <see cref="Masking"/> says.</summary>
    ValueTask<Page<Occupant>> OccupantsAsync(string? unit, PageRequest page, CancellationToken cancellationToken);

    /// <summary>
    /// Those whose whole name or telephone number is this text, however it is spaced or cased; masked, at most <see cref="PageRequest.MaxLimit"/>. The audit log tells of the
    /// search, not of the text, before.
    /// </summary>
    ValueTask<Result<Page<Occupant>>> FindOccupantsAsync(string text, CancellationToken cancellationToken);

    /// <summary>One occupant as they are; the audit log tells of it before.</summary>
    ValueTask<Result<Occupant>> ShowOccupantAsync(string id, CancellationToken cancellationToken);

    ValueTask<Result<Occupant>> AddAsync(Occupant occupant, CancellationToken cancellationToken);

    ValueTask<Page<Asset>> AssetsAsync(string? site, PageRequest page, CancellationToken cancellationToken);

    ValueTask<Asset?> FindAssetAsync(string id, CancellationToken cancellationToken);

    ValueTask<Result<Asset>> AddAsync(Asset asset, CancellationToken cancellationToken);

    /// <summary>What is known of every edge, in order of site.</summary>
    ValueTask<IReadOnlyList<EdgeRecord>> EdgesAsync(CancellationToken cancellationToken);

    ValueTask<EdgeRecord?> FindEdgeAsync(string site, CancellationToken cancellationToken);
}
