using IotProperty.Hub.Audit;
using IotProperty.Hub.Registry.Personal;
using IotProperty.Hub.Storage;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Registry;

/// <summary>The registry on the ledger.</summary>
public sealed class RegistryDesk(Ledger ledger, EdgeDirectory edges, PersonalVault vault) : IRegistry
{
    public async ValueTask<IReadOnlyList<Site>> SitesAsync(CancellationToken cancellationToken) => await ledger.ReadAsync(
        db => db.Set<Site>().OrderBy(s => s.Id).ToListAsync(cancellationToken), cancellationToken);

    public ValueTask<Site?> FindSiteAsync(string id, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => db.Set<Site>().SingleOrDefaultAsync(s => s.Id == id, cancellationToken), cancellationToken);

    public async ValueTask<Result<Site>> AddAsync(Site site, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(site);
        if (RegistryRules.Check(site) is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        return await ledger.WriteAsync<Result<Site>>(
            async change =>
            {
                if (await change.Db.Set<Site>().IgnoreQueryFilters().AnyAsync(s => s.Id == site.Id, cancellationToken))
                {
                    return Taken("site", site.Id);
                }

                await change.InsertAsync(site);
                change.Audit(AuditAction.RecordAdded, "site", site.Id, site.Id);
                return site;
            },
            cancellationToken);
    }

    public ValueTask<Page<Building>> BuildingsAsync(string? site, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => Paging.ByIdAsync(db.Set<Building>().Where(b => site == null || b.Site == site), b => b.Id, page, cancellationToken), cancellationToken);

    public ValueTask<Building?> FindBuildingAsync(string id, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => db.Set<Building>().SingleOrDefaultAsync(b => b.Id == id, cancellationToken), cancellationToken);

    public async ValueTask<Result<Building>> AddAsync(Building building, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(building);
        if (RegistryRules.Check(building) is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        return await ledger.WriteAsync<Result<Building>>(
            async change =>
            {
                Building added = building.Id.Length > 0 ? building : building with { Id = change.NewId() };
                if (!await change.Db.Set<Site>().AnyAsync(s => s.Id == building.Site, cancellationToken))
                {
                    return Unknown("site", building.Site);
                }

                if (await change.Db.Set<Building>().IgnoreQueryFilters().AnyAsync(b => b.Id == added.Id, cancellationToken))
                {
                    return Taken("building", added.Id);
                }

                await change.InsertAsync(added);
                change.Audit(AuditAction.RecordAdded, "building", added.Id, added.Site);
                return added;
            },
            cancellationToken);
    }

    public ValueTask<Page<Unit>> UnitsAsync(string? building, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => Paging.ByIdAsync(db.Set<Unit>().Where(u => building == null || u.Building == building), u => u.Id, page, cancellationToken), cancellationToken);

    public ValueTask<Unit?> FindUnitAsync(string id, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => db.Set<Unit>().SingleOrDefaultAsync(u => u.Id == id, cancellationToken), cancellationToken);

    public async ValueTask<Result<Unit>> AddAsync(Unit unit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(unit);
        if (RegistryRules.Check(unit) is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        return await ledger.WriteAsync<Result<Unit>>(
            async change =>
            {
                Unit added = unit.Id.Length > 0 ? unit : unit with { Id = change.NewId() };
                string? site = await change.Db.Set<Building>().Where(b => b.Id == unit.Building).Select(b => b.Site).SingleOrDefaultAsync(cancellationToken);
                if (site is null)
                {
                    return Unknown("building", unit.Building);
                }

                if (await change.Db.Set<Unit>().IgnoreQueryFilters().AnyAsync(u => u.Id == added.Id, cancellationToken))
                {
                    return Taken("unit", added.Id);
                }

                if (await change.Db.Set<Unit>().AnyAsync(u => u.Building == added.Building && u.Number == added.Number, cancellationToken))
                {
                    return Refusal.Conflict("unit.number", $"building '{added.Building}' has a unit '{added.Number}' already");
                }

                await change.InsertAsync(added);
                change.Audit(AuditAction.RecordAdded, "unit", added.Id, site);
                return added;
            },
            cancellationToken);
    }

    public async ValueTask<Page<Occupant>> OccupantsAsync(string? unit, PageRequest page, CancellationToken cancellationToken)
    {
        Page<Occupant> closed = await ledger.ReadAsync(
            db => Paging.ByIdAsync(db.Set<Occupant>().Where(o => unit == null || o.Unit == unit), o => o.Id, page, cancellationToken), cancellationToken);
        return new Page<Occupant>([.. closed.Items.Select(occupant => Masking.Mask(vault.Open(occupant)))], closed.Next);
    }

    public async ValueTask<Result<Page<Occupant>>> FindOccupantsAsync(string text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > RecordRules.MaxTextLength || vault.Wanted(text) is not { } wanted)
        {
            return Refusal.Invalid("occupant.search", $"text: write a whole name or telephone number, of at most {RecordRules.MaxTextLength} characters");
        }

        List<Occupant> closed = await ledger.WriteAsync(
            async change =>
            {
                List<Occupant> found = await change.Db.Set<Occupant>()
                    .Where(o => wanted.Names.Contains(o.NameMark) || wanted.Phones.Contains(o.PhoneMark))
                    .OrderBy(o => o.Id)
                    .Take(PageRequest.MaxLimit)
                    .ToListAsync(cancellationToken);
                change.Audit(AuditAction.ResidentsSearched, "occupant", "", "", $"by name or telephone number, {found.Count} found");
                return found;
            },
            cancellationToken);
        return new Page<Occupant>([.. closed.Select(occupant => Masking.Mask(vault.Open(occupant)))], null);
    }

    public async ValueTask<Result<Occupant>> ShowOccupantAsync(string id, CancellationToken cancellationToken)
    {
        // The entry of the audit log is on disk before anybody sees the name.
        Occupant? closed = await ledger.WriteAsync(
            async change =>
            {
                Occupant? found = await change.Db.Set<Occupant>().SingleOrDefaultAsync(o => o.Id == id, cancellationToken);
                if (found is not null)
                {
                    string site = await change.Db.Set<Unit>().Where(u => u.Id == found.Unit)
                        .Join(change.Db.Set<Building>(), u => u.Building, b => b.Id, (_, b) => b.Site).SingleAsync(cancellationToken);
                    change.Audit(AuditAction.ResidentShown, "occupant", id, site);
                }

                return found;
            },
            cancellationToken);
        return closed is null ? Refusal.NotFound("occupant", id) : vault.Open(closed);
    }

    public async ValueTask<Result<Occupant>> AddAsync(Occupant occupant, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(occupant);
        if (RegistryRules.Check(occupant) is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        await vault.EnsureKeyAsync(cancellationToken);
        return await ledger.WriteAsync<Result<Occupant>>(
            async change =>
            {
                Occupant added = occupant.Id.Length > 0 ? occupant : occupant with { Id = change.NewId() };
                string? site = await change.Db.Set<Unit>().Where(u => u.Id == occupant.Unit)
                    .Join(change.Db.Set<Building>(), u => u.Building, b => b.Id, (_, b) => b.Site).SingleOrDefaultAsync(cancellationToken);
                if (site is null)
                {
                    return Unknown("unit", occupant.Unit);
                }

                if (await change.Db.Set<Occupant>().IgnoreQueryFilters().AnyAsync(o => o.Id == added.Id, cancellationToken))
                {
                    return Taken("occupant", added.Id);
                }

                await change.InsertAsync(vault.Close(added));
                change.Audit(AuditAction.RecordAdded, "occupant", added.Id, site);
                return added;
            },
            cancellationToken);
    }

    public ValueTask<Page<Asset>> AssetsAsync(string? site, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => Paging.ByIdAsync(db.Set<Asset>().Where(a => site == null || a.Site == site), a => a.Id, page, cancellationToken), cancellationToken);

    public ValueTask<Asset?> FindAssetAsync(string id, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => db.Set<Asset>().SingleOrDefaultAsync(a => a.Id == id, cancellationToken), cancellationToken);

    public async ValueTask<Result<Asset>> AddAsync(Asset asset, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(asset);
        if (RegistryRules.Check(asset) is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        return await ledger.WriteAsync<Result<Asset>>(
            async change =>
            {
                Asset added = asset.Id.Length > 0 ? asset : asset with { Id = change.NewId() };
                if (!await change.Db.Set<Site>().AnyAsync(s => s.Id == asset.Site, cancellationToken))
                {
                    return Unknown("site", asset.Site);
                }

                if (await change.Db.Set<Asset>().IgnoreQueryFilters().AnyAsync(a => a.Id == added.Id, cancellationToken))
                {
                    return Taken("asset", added.Id);
                }

                if (added.Device is not null && await change.Db.Set<Asset>().AnyAsync(a => a.Site == added.Site && a.Device == added.Device, cancellationToken))
                {
                    return Refusal.Conflict("asset.device", $"device '{added.Device}' of site '{added.Site}' belongs to another asset already");
                }

                await change.InsertAsync(added);
                change.Audit(AuditAction.RecordAdded, "asset", added.Id, added.Site);
                return added;
            },
            cancellationToken);
    }

    public async ValueTask<IReadOnlyList<EdgeRecord>> EdgesAsync(CancellationToken cancellationToken)
    {
        List<EdgeRecord> known = await ledger.ReadAsync(db => db.Set<EdgeRecord>().OrderBy(e => e.Site).ToListAsync(cancellationToken), cancellationToken);
        return [.. known.Select(edges.WithLastHeard)];
    }

    public async ValueTask<EdgeRecord?> FindEdgeAsync(string site, CancellationToken cancellationToken)
    {
        EdgeRecord? known = await ledger.ReadAsync(db => db.Set<EdgeRecord>().SingleOrDefaultAsync(e => e.Site == site, cancellationToken), cancellationToken);
        return known is null ? null : edges.WithLastHeard(known);
    }

    private static Refusal Taken(string what, string id) => Refusal.Conflict("id.taken", $"there is a {what} '{id}' already");

    private static Refusal Unknown(string what, string id) => Refusal.Invalid($"unknown.{what}", $"there is no {what} '{id}': add it first");
}
