using IotProperty.Edge.Tallies;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Tallies;

public class TallyBookTests
{
    private const long Hour = HourTally.HourLengthMs;
    private const long StartMs = 490_000 * Hour;
    private const int Every = 300;

    /// <summary>When the hour in which the clock of these tests starts is taken to be over; it starts ten minutes into it.</summary>
    private const long OverMs = Hour - 600_000 + TallyBook.GraceMs;

    [Fact]
    public void The_running_hour_is_told_soon_after_the_start_and_then_once_in_the_stated_time()
    {
        TallyBook book = new(Every, [], At(0));
        book.Add(1, Lane.Event, 1, [new(StartMs, 2, 20)]);
        Assert.Equal(10_000, book.DueMs(At(0)));
        Assert.Empty(book.TakeDue(At(9_999), 5, 100));
        Assert.Equal(new HourTally(1, Lane.Event, StartMs, 2, 20, 1, 1, 1), Assert.Single(book.TakeDue(At(10_000), 5, 100)));
        Assert.Null(book.DueMs(At(10_000)));

        book.Add(1, Lane.Event, 2, [new(StartMs, 1, ulong.MaxValue)]);
        Assert.Equal(310_000, book.DueMs(At(10_001)));
        Assert.Empty(book.TakeDue(At(309_999), 6, 100));
        Assert.Equal(new HourTally(1, Lane.Event, StartMs, 3, 19, 1, 2, 2), Assert.Single(book.TakeDue(At(310_000), 6, 100)));
    }

    [Fact]
    public void What_has_not_changed_is_not_told_again()
    {
        TallyBook book = new(1, [], At(0));
        book.Add(1, Lane.Event, 1, [new(StartMs, 2, 20)]);
        book.Add(1, Lane.Telemetry, 1, [new(StartMs, 2, 20)]);
        Assert.Equal(2, book.TakeDue(At(1_000), 5, 100).Length);
        book.Add(1, Lane.Telemetry, 2, [new(StartMs, 2, 20)]);
        Assert.Equal(Lane.Telemetry, Assert.Single(book.TakeDue(At(2_000), 6, 100)).Lane);
    }

    [Fact]
    public void An_hour_is_told_two_minutes_after_its_end_whatever_the_stated_time()
    {
        TallyBook book = new(3_600, [], At(0));
        book.Add(1, Lane.Event, 1, [new(StartMs, 1, 1)]);
        Assert.Single(book.TakeDue(At(10_000), 5, 100));
        book.Add(1, Lane.Event, 2, [new(StartMs, 1, 1)]);
        Assert.Equal(OverMs, book.DueMs(At(20_000)));
        Assert.Empty(book.TakeDue(At(OverMs - 1), 6, 100));
        Assert.Equal(2, Assert.Single(book.TakeDue(At(OverMs), 6, 100)).Records);

        // What comes later still is told in the stated time.
        book.Add(1, Lane.Event, 3, [new(StartMs, 1, 1)]);
        Assert.Equal(OverMs + 3_600_000, book.DueMs(At(OverMs)));
    }

    [Fact]
    public void A_correction_moves_records_and_the_emptied_hour_is_told_as_empty()
    {
        TallyBook book = new(1, [], At(0));
        book.Add(1, Lane.Telemetry, 7, [new(0, 3, 30)]);
        Assert.Single(book.TakeDue(At(1_000), 5, 100));
        book.Move(1, Lane.Telemetry, 7, [new(0, 3, 30)], [new(StartMs, 2, 5), new(StartMs + Hour, 1, 6)]);
        Assert.Equal(
            [
                new(1, Lane.Telemetry, 0, 0, 0, 0, 0, 2),
                new(1, Lane.Telemetry, StartMs, 2, 5, 7, 7, 1),
                new HourTally(1, Lane.Telemetry, StartMs + Hour, 1, 6, 7, 7, 1),
            ],
            book.TakeDue(At(2_000), 6, 100).AsEnumerable());
    }

    [Fact]
    public void An_hour_that_was_emptied_before_the_hub_heard_of_it_is_forgotten()
    {
        TallyBook book = new(1, [], At(0));
        book.Add(1, Lane.Telemetry, 7, [new(0, 3, 30)]);
        book.Move(1, Lane.Telemetry, 7, [new(0, 3, 30)], [new(StartMs, 3, 31)]);
        Assert.Equal(StartMs, Assert.Single(book.TakeDue(At(1_000), 6, 100)).HourMs);
        Assert.Single(book.All);
        Assert.Null(Assert.Single(book.TakeUnsaved(), unsaved => unsaved.Key.HourMs == 0).Row);
    }

    [Fact]
    public void What_an_earlier_run_left_untold_is_told_after_the_start()
    {
        TallyRow untold = new(new HourTally(1, Lane.Event, StartMs - Hour, 4, 44, 1, 3, 2), IsChanged: true, 0);
        TallyRow told = new(new HourTally(1, Lane.Reading, StartMs - Hour, 4, 44, 1, 3, 2), IsChanged: false, 0);
        TallyBook book = new(Every, [untold, told], At(0));
        Assert.Equal(10_000, book.DueMs(At(0)));
        Assert.Equal(untold.Tally with { Revision = 3 }, Assert.Single(book.TakeDue(At(10_000), 9, 100)));
    }

    [Fact]
    public void More_than_a_row_holds_goes_into_the_next_one_at_once()
    {
        TallyBook book = new(Every, [], At(0));
        for (int hour = 0; hour < 5; hour++)
        {
            book.Add(1, Lane.Event, 1, [new(StartMs + (hour * Hour), 1, 1)]);
        }

        Assert.Equal(3, book.TakeDue(At(10_000), 5, 3).Length);
        Assert.Equal(2, book.TakeDue(At(10_000), 6, 3).Length);
        Assert.Equal([5, 6], book.Carriers.Order());
    }

    [Fact]
    public void A_row_that_was_lost_on_its_way_is_told_again_and_one_that_arrived_is_not()
    {
        TallyBook book = new(1, [], At(0));
        book.Add(1, Lane.Event, 1, [new(StartMs, 1, 1)]);
        book.TakeDue(At(1_000), 5, 100);
        Assert.True(book.Carries(5));
        book.TakeBack(5);
        Assert.False(book.Carries(5));
        Assert.Equal(2, Assert.Single(book.TakeDue(At(2_000), 6, 100)).Revision);
        book.Settled(6);
        Assert.Empty(book.TakeDue(At(3_000), 7, 100));
        Assert.True(Assert.Single(book.All).IsSettled);
    }

    [Fact]
    public void A_receipt_for_an_old_revision_does_not_settle_the_new_one()
    {
        TallyBook book = new(1, [], At(0));
        book.Add(1, Lane.Event, 1, [new(StartMs, 1, 1)]);
        book.TakeDue(At(1_000), 5, 100);
        book.Add(1, Lane.Event, 2, [new(StartMs, 1, 1)]);
        book.TakeDue(At(2_000), 6, 100);
        book.Settled(5);
        Assert.True(book.Carries(6));
        Assert.False(Assert.Single(book.All).IsSettled);
    }

    [Fact]
    public void What_the_hub_has_is_forgotten_after_forty_days_and_what_it_has_not_is_kept()
    {
        TallyBook book = new(1, [], At(0));
        book.Add(1, Lane.Event, 1, [new(StartMs, 1, 1)]);
        book.TakeDue(At(1_000), 5, 100);
        book.Settled(5);
        book.Add(1, Lane.Reading, 1, [new(StartMs, 1, 1)]);
        book.Forget(At(TallyBook.KeepMs - 600_000), 1);
        Assert.Equal(2, book.All.Count);
        book.Forget(At(TallyBook.KeepMs - 599_999), 1);
        Assert.Equal(Lane.Reading, Assert.Single(book.All).Tally.Lane);
    }

    [Fact]
    public void Too_many_tallies_cost_the_oldest_of_earlier_epochs()
    {
        TallyBook book = new(1, [], At(0));
        for (int epoch = 1; epoch <= TallyBook.MaxTallies; epoch++)
        {
            book.Add(epoch, Lane.Event, 1, [new(StartMs, 1, 1)]);
        }

        book.Add(TallyBook.MaxTallies + 1, Lane.Event, 1, [new(StartMs, 1, 1), new(StartMs + Hour, 1, 1)]);
        book.Forget(At(0), TallyBook.MaxTallies + 1);
        Assert.Equal(TallyBook.MaxTallies, book.All.Count);
        Assert.Equal(3, book.All.Min(row => row.Tally.Epoch));
        Assert.Equal(2, book.All.Count(row => row.Tally.Epoch == TallyBook.MaxTallies + 1));
    }

    [Fact]
    public void Any_sequence_of_stores_corrections_kills_and_receipts_leaves_the_sums_of_all_records_at_the_hub()
    {
        for (int seed = 1; seed <= 200; seed++)
        {
            new TallyScript(seed).Run();
        }
    }

    private static Moment At(long monotonicMs) => new(monotonicMs, StartMs + 600_000 + monotonicMs, true);

    /// <summary>A book, its disk and a hub that hears tallies late, twice, in any order or never, driven by one seed.</summary>
    private sealed class TallyScript(int seed)
    {
        private readonly Random _random = new(seed);

        /// <summary>What is truly stored: batches with their records (time, digest).</summary>
        private readonly Dictionary<(long Epoch, Lane Lane, long Sequence), List<(long TimeMs, ulong Digest)>> _batches = [];
        private readonly Dictionary<TallyKey, TallyRow> _disk = [];
        private readonly Dictionary<long, IReadOnlyList<HourTally>> _rows = [];
        private readonly Dictionary<TallyKey, HourTally> _hub = [];
        private TallyBook _book = new(60, [], At(0));
        private long _nowMs;
        private long _epoch = 1;
        private long _lastId;

        public void Run()
        {
            for (int turn = 0; turn < 300; turn++)
            {
                _nowMs += _random.Next(90_000);
                switch (_random.Next(12))
                {
                    case < 5:
                        Store();
                        break;
                    case < 7:
                        Grow();
                        break;
                    case 7:
                        Correct();
                        break;
                    case 8:
                        Restart(isKill: _random.Next(2) == 0);
                        break;
                    default:
                        Deliver(_random.Next(3) == 0);
                        break;
                }

                Tell();
                if (_random.Next(10) > 0)
                {
                    Save();
                }
            }

            Settle();
            Check();
        }

        private long Time() => StartMs + _nowMs - _random.Next(5_000_000);

        private List<(long TimeMs, ulong Digest)> Records() => [.. Enumerable.Range(0, 1 + _random.Next(5)).Select(_ => (Time(), unchecked((ulong)_random.NextInt64() * 3)))];

        private static List<BatchTally> Of(IEnumerable<(long TimeMs, ulong Digest)> records) =>
        [
            .. records.GroupBy(record => HourTally.StartOfHour(record.TimeMs))
                .Select(hour => new BatchTally(hour.Key, hour.Count(), hour.Aggregate(0UL, (sum, record) => unchecked(sum + record.Digest)))),
        ];

        private void Store()
        {
            Save();
            Lane lane = (Lane)(1 + _random.Next(3));
            long sequence = 1 + _batches.Keys.Count(key => key.Epoch == _epoch && key.Lane == lane);
            List<(long, ulong)> records = Records();
            _batches.Add((_epoch, lane, sequence), records);
            _book.Add(_epoch, lane, sequence, Of(records));
            Save();
        }

        private void Grow()
        {
            Save();
            if (_batches.Keys.LastOrDefault(key => key.Epoch == _epoch) is { Epoch: > 0 } key)
            {
                List<(long, ulong)> more = Records();
                _batches[key].AddRange(more);
                _book.Add(key.Epoch, key.Lane, key.Sequence, Of(more));
            }

            Save();
        }

        private void Correct()
        {
            Save();
            if (_batches.Count > 0)
            {
                (long Epoch, Lane Lane, long Sequence) key = _batches.Keys.ElementAt(_random.Next(_batches.Count));
                List<(long TimeMs, ulong Digest)> before = _batches[key];
                long stepMs = _random.Next(-2, 3) * 4_000_000L;
                List<(long TimeMs, ulong Digest)> after = [.. before.Select(record => (record.TimeMs + stepMs, unchecked(record.Digest + 11)))];
                _batches[key] = after;
                _book.Move(key.Epoch, key.Lane, key.Sequence, Of(before), Of(after));
            }

            Save();
        }

        private void Tell()
        {
            long id = ++_lastId;
            if (_book.TakeDue(At(_nowMs), id, 4) is { IsEmpty: false } due)
            {
                // One transaction: the row and what the book then says of it.
                _rows.Add(id, due);
                Save();
            }
        }

        private void Deliver(bool loses)
        {
            if (_rows.Count == 0)
            {
                return;
            }

            long id = _rows.Keys.ElementAt(_random.Next(_rows.Count));
            if (loses)
            {
                _rows.Remove(id);
                _book.TakeBack(id);
                Save();
                return;
            }

            foreach (HourTally tally in _rows[id])
            {
                TallyKey key = new(tally.Epoch, tally.Lane, tally.HourMs);
                if (!_hub.TryGetValue(key, out HourTally? known) || known.Revision < tally.Revision)
                {
                    _hub[key] = tally;
                }
            }

            if (_random.Next(3) > 0)
            {
                _rows.Remove(id);
                _book.Settled(id);
                Save();
            }
        }

        private void Restart(bool isKill)
        {
            if (!isKill)
            {
                Save();
            }

            _epoch++;
            _book = new TallyBook(60, _disk.Values, At(_nowMs));
        }

        private void Save()
        {
            foreach ((TallyKey key, TallyRow? row) in _book.TakeUnsaved())
            {
                if (row is { } kept)
                {
                    _disk[key] = kept;
                }
                else
                {
                    _disk.Remove(key);
                }
            }
        }

        private void Settle()
        {
            for (int turn = 0; turn < 10_000 && (_rows.Count > 0 || _book.All.Any(row => !row.IsSettled)); turn++)
            {
                _nowMs += 60_000;
                Tell();
                Deliver(loses: false);
            }
        }

        private void Check()
        {
            Assert.All(_book.All, row => Assert.True(row.IsSettled));
            Dictionary<TallyKey, (long Records, ulong Hash)> truth = [];
            foreach (((long epoch, Lane lane, _), List<(long TimeMs, ulong Digest)> records) in _batches)
            {
                foreach (BatchTally tally in Of(records))
                {
                    TallyKey key = new(epoch, lane, tally.HourMs);
                    (long count, ulong hash) = truth.GetValueOrDefault(key);
                    truth[key] = (count + tally.Records, unchecked(hash + tally.Hash));
                }
            }

            Assert.Equal(truth.OrderBy(pair => pair.Key.ToString(), StringComparer.Ordinal), _hub.Where(pair => pair.Value.Records > 0)
                .Select(pair => KeyValuePair.Create(pair.Key, (pair.Value.Records, pair.Value.Hash))).OrderBy(pair => pair.Key.ToString(), StringComparer.Ordinal));
            Assert.All(_hub.Values.Where(tally => tally.Records == 0), tally => Assert.Equal(0UL, tally.Hash));
            foreach (((long epoch, Lane lane, long sequence), List<(long TimeMs, ulong)> records) in _batches)
            {
                Assert.All(records, record => Assert.InRange(
                    sequence,
                    _hub[new TallyKey(epoch, lane, HourTally.StartOfHour(record.TimeMs))].FirstSequence,
                    _hub[new TallyKey(epoch, lane, HourTally.StartOfHour(record.TimeMs))].LastSequence));
            }
        }
    }
}
