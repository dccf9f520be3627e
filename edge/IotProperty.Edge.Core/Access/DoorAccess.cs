using System.Collections.Immutable;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Access;

/// <summary>What the access floor knows of one door or gate.</summary>
public sealed record DoorDefinition
{
    /// <summary>The device's id.</summary>
    public required string Device { get; init; }

    /// <summary>How many of the newest credentials the controller keeps.</summary>
    public required int RingEntries { get; init; }

    /// <summary>How long the door may stay open. Milliseconds; null when it may stay open.</summary>
    public int? HeldOpenMs { get; init; }

    /// <summary>For how long after a grant an opening is the grant's. Milliseconds.</summary>
    public int GrantWindowMs { get; init; } = 8000;

    /// <summary>After a silence of the controller of more than this, what was presented meanwhile is too old to open anything. Milliseconds.</summary>
    public int BlindAfterMs { get; init; } = 3000;
}

/// <summary>
/// One door or gate: turns the controller's swipe ring into decisions, each swipe once, and watches that the door opens only after a grant and closes again.
/// What was presented while the edge could not see it is recorded and never unlocks. Not safe for concurrent use: one task calls it.
/// </summary>
public sealed class DoorAccess
{
    /// <summary>More overwritten swipes than this get no event of their own.</summary>
    private const int MaxOverwrittenEvents = 64;

    /// <summary>A counter that moved by more than this was set back: more than a busy door sees in a day.</summary>
    private const int MaxAdvance = 4096;

    private readonly DoorDefinition _door;
    private readonly CredentialList _credentials;
    private readonly CardFingerprint _fingerprint;
    private readonly Func<string> _newId;

    // The last swipe that is recorded; null on the very first start.
    private ushort? _taken;

    // Swipes up to this one were presented while nobody looked; only meaningful while _blindThrough is not null.
    private ushort? _blindThrough;
    private long? _lastContactMs;

    private bool? _open;
    private long? _openSinceMs;
    private bool _heldReported;
    private long _grantedUntilMs = long.MinValue;

    /// <param name="door">The door.</param>
    /// <param name="stored">What the last run stored; null on the first start ever, which takes the controller's counter over as it stands.</param>
    public DoorAccess(DoorDefinition door, CredentialList credentials, CardFingerprint fingerprint, Func<string> newId, DoorState? stored)
    {
        ArgumentNullException.ThrowIfNull(door);
        ArgumentNullException.ThrowIfNull(credentials);
        ArgumentNullException.ThrowIfNull(fingerprint);
        ArgumentNullException.ThrowIfNull(newId);
        _door = door;
        _credentials = credentials;
        _fingerprint = fingerprint;
        _newId = newId;
        _taken = stored?.TakenSequence;
    }

    public DoorDefinition Door => _door;

    /// <summary>When <see cref="Tick"/> must be called at the latest, on <see cref="Moment.MonotonicMs"/>; null when nothing is running.</summary>
    public long? NextWakeMs => _heldReported ? null : _openSinceMs + _door.HeldOpenMs;

    /// <summary>The controller answered a poll and its swipe counter stood at <paramref name="sequence"/>. To be called at every good poll, or a pause in swipes looks like a pause in contact.</summary>
    public void OnContact(ushort sequence, Moment now)
    {
        if (_lastContactMs is not { } last || now.MonotonicMs - last > _door.BlindAfterMs)
        {
            _blindThrough = sequence;
        }

        _lastContactMs = Math.Max(_lastContactMs ?? long.MinValue, now.MonotonicMs);
    }

    /// <summary>The controller's ring was read.</summary>
    /// <param name="sequence">The counter as it stood before the ring was read; entries may already be newer.</param>
    /// <param name="entries">The used entries, in any order.</param>
    public AccessEffects OnSwipes(ushort sequence, ReadOnlySpan<SwipeEntry> entries, Moment now)
    {
        OnContact(sequence, now);
        ushort newest = Newest(sequence, entries);
        if (_taken is null)
        {
            _taken = sequence;
            if (newest == sequence)
            {
                return new() { State = new(sequence) };
            }
        }

        int pending = Distance(_taken.Value, newest);
        if (pending == 0)
        {
            return AccessEffects.None;
        }

        if (pending > MaxAdvance)
        {
            // The controller was restarted or replaced. What its ring holds since then was presented unseen.
            pending = Math.Min(newest, _door.RingEntries);
            _blindThrough = newest;
        }

        return Record(newest, pending, entries, now);
    }

    /// <summary>The door's contact was read.</summary>
    public AccessEffects OnOpen(bool open, Moment now)
    {
        bool? before = _open;
        _open = open;
        if (!open)
        {
            _openSinceMs = null;
            _heldReported = false;
            return AccessEffects.None;
        }

        // A door that is found open at the start may have been opened rightly; only a change that was seen is judged.
        bool forced = before == false && now.MonotonicMs > _grantedUntilMs;
        _openSinceMs ??= now.MonotonicMs;
        AccessEffects held = Tick(now);
        return forced ? new() { Events = [Event(AccessEventKind.Forced, now), .. held.Events] } : held;
    }

    /// <summary>The hub ordered to unlock the door, and the site allows it.</summary>
    /// <param name="command">The command's id, by which the event names who asked.</param>
    public AccessEffects OnOrdered(string command, Moment now)
    {
        AllowOpening(now);
        AccessEvent ordered = Event(AccessEventKind.Command, now) with { Decision = AccessDecision.Granted, Reason = AccessReason.Ordered, Credential = command };
        return new() { Events = [ordered], Unlock = true };
    }

    public AccessEffects Tick(Moment now)
    {
        if (NextWakeMs is not { } dueMs || dueMs > now.MonotonicMs)
        {
            return AccessEffects.None;
        }

        _heldReported = true;
        return new() { Events = [Event(AccessEventKind.HeldOpen, now)] };
    }

    /// <summary>The controller confirmed the unlock command: from now on the door may be opened for the grant window.</summary>
    public void OnUnlocked(Moment now) => AllowOpening(now);

    /// <summary>The controller did not confirm the unlock command; each grant of <paramref name="effects"/> that hoped for it gets an event that says so.</summary>
    public AccessEffects OnUnlockFailed(AccessEffects effects, Moment now)
    {
        ArgumentNullException.ThrowIfNull(effects);
        return new()
        {
            Events = [.. effects.Events.Where(e => e.Decision == AccessDecision.Granted).Select(grant => grant with
            {
                Id = _newId(),
                Reason = AccessReason.UnlockFailed,
                TimeMs = now.UtcMs,
                ClockTrusted = now.ClockTrusted,
            })],
        };
    }

    private AccessEffects Record(ushort newest, int pending, ReadOnlySpan<SwipeEntry> entries, Moment now)
    {
        ImmutableArray<AccessEvent>.Builder events = ImmutableArray.CreateBuilder<AccessEvent>();
        int unrecorded = Math.Max(0, pending - _door.RingEntries - MaxOverwrittenEvents);
        bool unlock = false;
        for (int back = pending - unrecorded - 1; back >= 0; back--)
        {
            ushort sequence = Back(newest, back);
            AccessEvent record = Judge(sequence, Find(sequence, entries), now);
            unlock |= record.Decision == AccessDecision.Granted;
            events.Add(record);
        }

        _taken = newest;
        _blindThrough = null;
        if (unlock)
        {
            AllowOpening(now);
        }

        return new() { Events = events.ToImmutable(), State = new(newest), Unlock = unlock, Unrecorded = unrecorded };
    }

    private AccessEvent Judge(ushort sequence, SwipeEntry? entry, Moment now)
    {
        if (entry is not { } swipe)
        {
            // Overwritten before it was read: that it happened is all that is known.
            return Event(AccessEventKind.Missed, now) with { Decision = AccessDecision.Denied, Reason = AccessReason.EdgeWasAway };
        }

        AccessVerdict verdict = _credentials.Decide(swipe.Card, _door.Device, now.UtcMs);
        bool missed = _blindThrough is { } through && Distance(sequence, through) <= short.MaxValue;
        return Event(missed ? AccessEventKind.Missed : AccessEventKind.Credential, now) with
        {
            Decision = missed ? AccessDecision.Denied : verdict.Decision,
            Reason = missed ? AccessReason.EdgeWasAway : verdict.Reason,
            Credential = verdict.Credential,
            Fingerprint = verdict.Credential.Length == 0 ? _fingerprint.Of(swipe.Card) : "",
        };
    }

    private AccessEvent Event(AccessEventKind kind, Moment now) =>
        new(_newId(), _door.Device, kind, AccessDecision.None, AccessReason.None, "", "", now.UtcMs, now.ClockTrusted);

    private void AllowOpening(Moment now) => _grantedUntilMs = now.MonotonicMs + _door.GrantWindowMs;

    /// <summary>The counter's value with what was presented between reading it and reading the ring.</summary>
    private static ushort Newest(ushort sequence, ReadOnlySpan<SwipeEntry> entries)
    {
        ushort newest = sequence;
        for (int step = 0; step < entries.Length && Find(Back(newest, -1), entries) is not null; step++)
        {
            newest = Back(newest, -1);
        }

        return newest;
    }

    private static SwipeEntry? Find(ushort sequence, ReadOnlySpan<SwipeEntry> entries)
    {
        foreach (SwipeEntry entry in entries)
        {
            if (entry.Sequence == sequence)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>How many swipes lie after <paramref name="from"/> up to <paramref name="to"/> on a counter that wraps at 65536.</summary>
    private static int Distance(ushort from, ushort to) => (to - from) & ushort.MaxValue;

    private static ushort Back(ushort sequence, int by) => (ushort)((sequence - by) & ushort.MaxValue);
}
