using System.Collections.Immutable;
using System.Globalization;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Control;

/// <summary>What becomes of a command that has come.</summary>
/// <param name="Refusal">Null: carry it out. Otherwise its result.</param>
/// <param name="Memory">What to keep of it; on disk before anything is carried out.</param>
public sealed record CommandVerdict(CommandResult? Refusal, CommandMemory Memory);

/// <summary>
/// Decides on commands whose signature holds: each id once, none that is late, none that the site does not allow. Remembers ids until a command with that id would be late
/// anyhow, also when the wall clock is set back meanwhile. Not safe for concurrent use: one task calls it.
/// </summary>
/// <param name="site">The site's id.</param>
/// <param name="rights">What the site allows.</param>
/// <param name="anyClock">Whether a clock that is not synchronised is believed all the same.</param>
public sealed class CommandBook(string site, CommandRights rights, bool anyClock = false)
{
    /// <summary>How far the hub's clock may be ahead of the edge's. Both are synchronised, or nothing is carried out at all.</summary>
    public const long MaxAheadMs = 30_000;

    /// <summary>Ids that are remembered at most: more than any hub orders of one site in ten minutes.</summary>
    public const int MaxRemembered = 512;

    private readonly Dictionary<string, CommandMemory> _known = new(StringComparer.Ordinal);

    /// <summary>What was issued up to then and is not remembered is late; milliseconds since the Unix epoch, UTC.</summary>
    public long ForgottenThroughMs { get; private set; } = -1;

    /// <summary>What the last run stored. Returns the ids of those that it began and did not end.</summary>
    public ImmutableArray<string> Restore(IEnumerable<KeyValuePair<string, CommandMemory>> known, long forgottenThroughMs)
    {
        ArgumentNullException.ThrowIfNull(known);
        foreach ((string id, CommandMemory memory) in known)
        {
            _known[id] = memory;
        }

        ForgottenThroughMs = forgottenThroughMs;
        return [.. _known.Where(entry => !entry.Value.Ended).Select(entry => entry.Key).Order(StringComparer.Ordinal)];
    }

    /// <summary>
    /// A command came whose signature holds. Null when nothing follows from it and nobody waits: its id is known and has its result or will get it, it is for another site, it is
    /// so old that only somebody who recorded it can have sent it, or there are more than can be remembered. Whoever repeats such commands must not fill the edge's disk.
    /// </summary>
    public CommandVerdict? Take(SiteCommand command, Moment now)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (command.Site != site || _known.ContainsKey(command.Id) || _known.Count >= MaxRemembered || IsRecorded(command, now))
        {
            return null;
        }

        CommandResult? refusal = Bar(command, now) is { } bar ? Result(command.Id, bar, now) : null;
        CommandMemory memory = new(command.IssuedMs, command.ExpiresMs, Ended: refusal is not null);
        _known.Add(command.Id, memory);
        return new(refusal, memory);
    }

    /// <summary>The command was not stored, so it is as if it had not come.</summary>
    public void Undo(string id) => _known.Remove(id);

    /// <summary>A command that was carried out has ended; returns its result and what to keep of it.</summary>
    public (CommandResult Result, CommandMemory Memory) End(string id, OrderEnd end, Moment now)
    {
        CommandMemory memory = _known[id] with { Ended = true };
        _known[id] = memory;
        return (Result(id, end, now), memory);
    }

    /// <summary>Forgets what would be late by now in any case; returns the ids. Call it at times, and store <see cref="ForgottenThroughMs"/> with what it returns.</summary>
    public ImmutableArray<string> Forget(Moment now)
    {
        if (!KnowsTheTime(now))
        {
            return [];
        }

        // Whatever was issued before a forgotten one has, by the rules of a lifetime, expired as well.
        ImmutableArray<string> past =
        [
            .. _known.Where(entry => entry.Value.Ended && now.UtcMs - entry.Value.ExpiresMs > SiteCommandRules.MaxLifetimeMs).Select(entry => entry.Key),
        ];
        foreach (string id in past)
        {
            ForgottenThroughMs = Math.Max(ForgottenThroughMs, _known[id].IssuedMs);
            _known.Remove(id);
        }

        return past;
    }

    /// <summary>Whether it is older than what the edge remembers, also when its clock was set back since.</summary>
    private bool IsRecorded(SiteCommand command, Moment now) =>
        command.IssuedMs <= ForgottenThroughMs || (KnowsTheTime(now) && now.UtcMs - command.ExpiresMs > SiteCommandRules.MaxLifetimeMs);

    private bool KnowsTheTime(Moment now) => now.ClockTrusted || anyClock;

    private OrderEnd? Bar(SiteCommand command, Moment now) =>
        !KnowsTheTime(now) ? OrderEnd.NotSent(CommandReason.ClockNotSynchronised, "the edge's clock is not synchronised, so it cannot tell whether the command is late")
        : command.IssuedMs - now.UtcMs > MaxAheadMs
            ? OrderEnd.NotSent(CommandReason.ClocksDisagree, $"it was issued {Seconds(command.IssuedMs - now.UtcMs)} s in the future: the clocks of hub and edge disagree")
        : now.UtcMs >= command.ExpiresMs ? OrderEnd.NotSent(CommandReason.Late, $"it came {Seconds(now.UtcMs - command.ExpiresMs)} s after its expiry")
        : rights.WhyNot(command.Action) is { } why ? OrderEnd.NotSent(CommandReason.NotAllowed, why)
        : null;

    private static CommandResult Result(string id, OrderEnd end, Moment now) => new(id, end.Outcome, end.Reason, end.Detail, now.UtcMs, now.ClockTrusted);

    private static string Seconds(long ms) => (ms / 1000.0).ToString("0.0", CultureInfo.InvariantCulture);
}
