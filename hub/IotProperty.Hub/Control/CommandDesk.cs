using IotProperty.Hub.Audit;
using IotProperty.Hub.Live;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Control;

/// <summary>Commands on the ledger. <see cref="CommandSender"/> hears of each from the live feed and brings it on its way.</summary>
public sealed class CommandDesk(Ledger ledger, CommandKey key, CommandMeter meter) : ICommandDesk
{
    /// <summary>Open at one site at once; nobody who means it orders more, and what is sent is bounded.</summary>
    public const int MaxOpenAtSite = 50;

    public async ValueTask<Result<PlacedCommand>> OrderAsync(string site, CommandRequest request, string askedBy, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentException.ThrowIfNullOrWhiteSpace(askedBy);
        if (request.Check() is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        string by = askedBy.Length <= SiteCommandRules.MaxAskedByChars ? askedBy : askedBy[..SiteCommandRules.MaxAskedByChars];
        string? cannotSign = key.WhyNot();
        Result<PlacedCommand> placed = await ledger.WriteAsync<Result<PlacedCommand>>(
            async change =>
            {
                if (request.Id.Length > 0 && await FindAsync(change.Db, site, request.Id, cancellationToken) is { } known)
                {
                    return known.Order.IsFor(request, by)
                        ? new PlacedCommand(known, IsNew: false)
                        : Refusal.Conflict("id.taken", $"site '{site}' has a command '{request.Id}' already, which asks for something else: choose another id");
                }

                if (!await change.Db.Set<Site>().AnyAsync(s => s.Id == site, cancellationToken))
                {
                    return Refusal.NotFound("site", site);
                }

                EdgeRecord? edge = await change.Db.Set<EdgeRecord>().SingleOrDefaultAsync(e => e.Site == site, cancellationToken);
                if ((CommandRules.WhyNot(request, site, edge?.Catalogue, out CommandTarget target) ?? WhyNotSigned(cannotSign)
                    ?? await WhyNotNowAsync(change, site, request)) is { } refusal)
                {
                    return refusal;
                }

                return await PlaceAsync(change, request, new CommandOrder
                {
                    Site = site,
                    Id = request.Id.Length > 0 ? request.Id : change.NewId(),
                    Device = request.Device,
                    Target = target,
                    Position = request.Position,
                    AskedBy = by,
                    Note = request.Note,
                    IssuedMs = change.NowMs,
                    ExpiresMs = change.NowMs + CommandLife.LifetimeMs(request.Action),
                });
            },
            cancellationToken);
        if (placed is { Succeeded: true, Value.IsNew: true })
        {
            meter.Ordered(placed.Value.Command.Order.Effect);
        }

        return placed;
    }

    public ValueTask<Page<CommandRecord>> ListAsync(CommandQuery query, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        async db =>
        {
            IQueryable<CommandOrder> orders = db.Set<CommandOrder>();
            if (query.Site is { } site)
            {
                orders = orders.Where(o => o.Site == site);
            }

            if (query.Device is { } device)
            {
                orders = orders.Where(o => o.Device == device);
            }

            if (Paging.TryRead(page, out long issuedMs, out string id))
            {
                orders = orders.Where(o => o.IssuedMs < issuedMs || (o.IssuedMs == issuedMs && o.Id.CompareTo(id) < 0));
            }

            Page<CommandOrder> found = await Paging.CutAsync(
                orders.OrderByDescending(o => o.IssuedMs).ThenByDescending(o => o.Id), page, o => Paging.Cursor(o.IssuedMs, o.Id), cancellationToken);
            string[] ids = [.. found.Items.Select(o => o.Id)];
            Dictionary<(string, string), CommandAnswer> answers = await db.Set<CommandResultRow>().Where(r => ids.Contains(r.Id))
                .ToDictionaryAsync(r => (r.Site, r.Id), r => r.ToAnswer(), cancellationToken);
            return new Page<CommandRecord>([.. found.Items.Select(o => new CommandRecord(o, answers.GetValueOrDefault((o.Site, o.Id))))], found.Next);
        },
        cancellationToken);

    public ValueTask<CommandRecord?> FindAsync(string site, string id, CancellationToken cancellationToken) =>
        ledger.ReadAsync(db => FindAsync(db, site, id, cancellationToken), cancellationToken);

    private static async Task<CommandRecord?> FindAsync(LedgerContext db, string site, string id, CancellationToken cancellationToken)
    {
        CommandOrder? order = await db.Set<CommandOrder>().SingleOrDefaultAsync(o => o.Site == site && o.Id == id, cancellationToken);
        CommandResultRow? result = order is null ? null : await db.Set<CommandResultRow>().SingleOrDefaultAsync(r => r.Site == site && r.Id == id, cancellationToken);
        return order is null ? null : new CommandRecord(order, result?.ToAnswer());
    }

    private static Refusal? WhyNotSigned(string? why) => why is null ? null : Refusal.Unavailable("no-authority", why);

    private static async Task<Refusal?> WhyNotNowAsync(LedgerChange change, string site, CommandRequest request)
    {
        string[] open = await change.Db.OpenCommands(change.NowMs).Where(o => o.Site == site)
            .OrderBy(o => o.IssuedMs).Select(o => o.Device).Take(MaxOpenAtSite).ToArrayAsync(change.CancellationToken);

        // Two orders to one meter could overtake each other on their way, and leave a home cut off that was to be restored. Two to a door only unlock it twice.
        return request.Action == OrderedAction.Switch && open.Contains(request.Device)
            ? Refusal.Conflict("command.open", $"'{request.Device}' has a command that is not answered yet: wait for its answer, or until it expires")
            : open.Length == MaxOpenAtSite
                ? Refusal.Conflict("commands.open", $"{MaxOpenAtSite} commands to site '{site}' are not answered yet: wait until some are, or expire")
                : null;
    }

    private static async Task<Result<PlacedCommand>> PlaceAsync(LedgerChange change, CommandRequest request, CommandOrder order)
    {
        await change.InsertAsync(order);

        // Not the note: the audit log holds no names of residents.
        change.Audit(AuditAction.CommandOrdered, "command", order.Id, order.Site, order.ToString());
        change.Announce(LiveKind.Command, order.Site, order.Id);
        CommandRecord? early = request.Id.Length > 0 ? await FindAsync(change.Db, order.Site, order.Id, change.CancellationToken) : null;
        return new PlacedCommand(early ?? new CommandRecord(order, null), IsNew: true);
    }
}
