using System.Collections.Immutable;
using System.Runtime.InteropServices;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tallies;

/// <summary>
/// What the edge has recorded, hour by hour, so that the hub can prove that it has it all. Pure; owned by the store's task, which tells it of every record that goes
/// into the outbox or changes its time there, writes <see cref="TakeUnsaved"/> in the same transaction, and asks <see cref="TakeDue"/> for what the hub shall hear.
/// After a transaction that failed the book is thrown away and made anew from what is on disk.
/// </summary>
/// <remarks>
/// Tallies are told when their hour is over, while it runs at most once in the stated time, and again when they changed later. What earlier runs left untold is told soon
/// after the start.
/// </remarks>
public sealed class TallyBook
{
    /// <summary>An hour that is over may still get records that were on their way.</summary>
    public const long GraceMs = 120_000;

    /// <summary>A tally that the hub has is needed only if its hour changes once more. Milliseconds of event time.</summary>
    public const long KeepMs = 40L * 24 * HourTally.HourLengthMs;

    /// <summary>The most tallies that are kept: an edge that starts again every minute for weeks must not fill its memory.</summary>
    public const int MaxTallies = 16_384;

    private const long FirstAfterMs = 10_000;

    private readonly long _everyMs;
    private readonly Dictionary<TallyKey, TallyRow> _tallies = [];

    // Those of _tallies that IsChanged, and those of each row that is on its way: neither is searched for.
    private readonly HashSet<TallyKey> _changed = [];
    private readonly Dictionary<long, List<TallyKey>> _carried = [];
    private readonly HashSet<TallyKey> _unsaved = [];
    private long _nextMs;
    private long _hourMs;

    /// <param name="everySeconds">How often tallies that change are told at most.</param>
    /// <param name="stored">What is on disk.</param>
    /// <param name="now">The present time.</param>
    public TallyBook(int everySeconds, IEnumerable<TallyRow> stored, in Moment now)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentOutOfRangeException.ThrowIfLessThan(everySeconds, 1);
        _everyMs = everySeconds * 1000L;
        _nextMs = now.MonotonicMs + Math.Min(FirstAfterMs, _everyMs);
        _hourMs = OverHour(now);
        foreach (TallyRow row in stored)
        {
            Index(row);
        }
    }

    /// <summary>All tallies, in no order.</summary>
    public IReadOnlyCollection<TallyRow> All => _tallies.Values;

    /// <summary>Rows that carry tallies and have no receipt yet.</summary>
    public IEnumerable<long> Carriers => _carried.Keys;

    /// <summary>A batch was stored, or grew by so much.</summary>
    public void Add(long epoch, Lane lane, long sequence, IReadOnlyList<BatchTally> added)
    {
        ArgumentNullException.ThrowIfNull(added);
        foreach (BatchTally more in added)
        {
            TallyKey key = new(epoch, lane, more.HourMs);
            HourTally tally = _tallies.TryGetValue(key, out TallyRow row) ? row.Tally : new HourTally(epoch, lane, more.HourMs, 0, 0, sequence, sequence, 0);
            bool wasEmpty = tally.Records == 0;
            Put(row with
            {
                Tally = tally with
                {
                    Records = tally.Records + more.Records,
                    Hash = unchecked(tally.Hash + more.Hash),
                    FirstSequence = wasEmpty ? sequence : Math.Min(tally.FirstSequence, sequence),
                    LastSequence = wasEmpty ? sequence : Math.Max(tally.LastSequence, sequence),
                },
                IsChanged = true,
            });
        }
    }

    /// <summary>The times of records of a stored batch were corrected: what it added before is taken away, what it holds now is added.</summary>
    public void Move(long epoch, Lane lane, long sequence, IReadOnlyList<BatchTally> before, IReadOnlyList<BatchTally> after)
    {
        ArgumentNullException.ThrowIfNull(before);
        foreach (BatchTally less in before)
        {
            // A tally that is not there was lost with a part of the store; then there is nothing to take from.
            if (_tallies.TryGetValue(new TallyKey(epoch, lane, less.HourMs), out TallyRow row))
            {
                HourTally tally = row.Tally with { Records = Math.Max(0, row.Tally.Records - less.Records), Hash = unchecked(row.Tally.Hash - less.Hash) };

                // The sequences stay as wide as they were: which of them still hold records of the hour is not known here.
                Put(row with { Tally = tally.Records > 0 ? tally : tally with { FirstSequence = 0, LastSequence = 0 }, IsChanged = true });
            }
        }

        Add(epoch, lane, sequence, after);
    }

    /// <summary>When <see cref="TakeDue"/> has something; null while nothing has changed. Monotonic milliseconds.</summary>
    public long? DueMs(in Moment now) => _changed.Count == 0 ? null : Math.Min(_nextMs, now.MonotonicMs + Math.Max(0, _hourMs + (2 * HourTally.HourLengthMs) + GraceMs - now.UtcMs));

    /// <summary>The tallies that are to be stored for the hub now, in their next revision, as the row <paramref name="carrierId"/>; empty when none is due.</summary>
    /// <param name="now">The present time.</param>
    /// <param name="carrierId">The row that will hold them.</param>
    /// <param name="max">How many the row can hold; the others are due at once.</param>
    public ImmutableArray<HourTally> TakeDue(in Moment now, long carrierId, int max)
    {
        long overHour = OverHour(now);
        bool isDue = now.MonotonicMs >= _nextMs || overHour != _hourMs;
        if (!isDue || _changed.Count == 0)
        {
            _hourMs = overHour;
            return [];
        }

        ImmutableArray<HourTally>.Builder due = ImmutableArray.CreateBuilder<HourTally>(Math.Min(max, _changed.Count));
        foreach (TallyKey key in _changed.OrderBy(key => key.Epoch).ThenBy(key => key.HourMs).ThenBy(key => key.Lane).Take(max).ToList())
        {
            TallyRow row = _tallies[key];
            if (row.Tally is { Records: 0, Revision: 0 })
            {
                // The hub never heard of it, and there is nothing left to say.
                Remove(key);
                continue;
            }

            HourTally told = row.Tally with { Revision = row.Tally.Revision + 1 };
            due.Add(told);
            Put(new TallyRow(told, IsChanged: false, carrierId));
        }

        if (_changed.Count == 0)
        {
            _nextMs = now.MonotonicMs + _everyMs;
            _hourMs = overHour;
        }

        return due.ToImmutable();
    }

    /// <summary>Puts the tallies of a row that was not published yet into another row: told anew with those that follow.</summary>
    public void TakeBack(long carrierId) => Release(carrierId, isChanged: true);

    /// <summary>The hub has the row, or will never take it.</summary>
    public void Settled(long carrierId) => Release(carrierId, isChanged: false);

    /// <summary>Whether the row carries tallies.</summary>
    public bool Carries(long carrierId) => _carried.ContainsKey(carrierId);

    /// <summary>Forgets what the hub has and what is too old to change; the oldest ones of earlier epochs also when there are too many.</summary>
    /// <param name="now">The present time.</param>
    /// <param name="epoch">The present epoch.</param>
    public void Forget(in Moment now, long epoch)
    {
        long before = now.UtcMs - KeepMs;
        foreach (TallyKey old in _tallies.Values.Where(row => row.IsSettled && row.Tally.HourMs < before).Select(row => row.Key).ToList())
        {
            Remove(old);
        }

        int tooMany = _tallies.Count - MaxTallies;
        if (tooMany > 0)
        {
            foreach (TallyKey old in _tallies.Values.OrderBy(row => row.Tally.Epoch == epoch).ThenBy(row => !row.IsSettled).ThenBy(row => row.Tally.Epoch).ThenBy(row => row.Tally.HourMs)
                .Take(tooMany).Select(row => row.Key).ToList())
            {
                Remove(old);
            }
        }
    }

    /// <summary>What is to be written: a row, or null for a key that is gone.</summary>
    public IReadOnlyList<(TallyKey Key, TallyRow? Row)> TakeUnsaved()
    {
        if (_unsaved.Count == 0)
        {
            return [];
        }

        List<(TallyKey, TallyRow?)> unsaved = [.. _unsaved.Select(key => (key, _tallies.TryGetValue(key, out TallyRow row) ? row : (TallyRow?)null))];
        _unsaved.Clear();
        return unsaved;
    }

    /// <summary>The last hour of which it is now known that it is over.</summary>
    private static long OverHour(in Moment now) => HourTally.StartOfHour(now.UtcMs - GraceMs) - HourTally.HourLengthMs;

    private void Release(long carrierId, bool isChanged)
    {
        if (_carried.TryGetValue(carrierId, out List<TallyKey>? keys))
        {
            foreach (TallyKey key in keys.ToList())
            {
                TallyRow row = _tallies[key];
                Put(row with { IsChanged = row.IsChanged || isChanged, CarrierId = 0 });
            }
        }
    }

    private void Put(in TallyRow row)
    {
        Unindex(row.Key);
        Index(row);
        _unsaved.Add(row.Key);
    }

    private void Remove(TallyKey key)
    {
        Unindex(key);
        _tallies.Remove(key);
        _unsaved.Add(key);
    }

    private void Index(in TallyRow row)
    {
        TallyKey key = row.Key;
        _tallies[key] = row;
        if (row.IsChanged)
        {
            _changed.Add(key);
        }

        if (row.CarrierId != 0)
        {
            (CollectionsMarshal.GetValueRefOrAddDefault(_carried, row.CarrierId, out _) ??= []).Add(key);
        }
    }

    private void Unindex(TallyKey key)
    {
        _changed.Remove(key);
        if (_tallies.TryGetValue(key, out TallyRow row) && row.CarrierId != 0 && _carried.TryGetValue(row.CarrierId, out List<TallyKey>? keys))
        {
            keys.Remove(key);
            if (keys.Count == 0)
            {
                _carried.Remove(row.CarrierId);
            }
        }
    }
}
