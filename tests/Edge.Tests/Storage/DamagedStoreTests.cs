using System.Globalization;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace IotProperty.Edge.Tests.Storage;

/// <summary>
/// A store with known content is damaged at places that a seed chooses. It opens; what it serves is what was stored, byte by byte; what it does not serve it declares, with
/// as many records as are missing; and it declares nothing else.
/// </summary>
public sealed class DamagedStoreTests(ITestOutputHelper output) : IAsyncLifetime, IAsyncDisposable
{
    private const int Rounds = 30;
    private readonly OutboxBench _bench = new(new OutboxSettings { FlushMs = 250, Window = 256, MaxBatchSamples = 500 });
    private readonly Dictionary<BatchNumber, (byte[] Payload, int Records)> _truth = [];
    private readonly Dictionary<string, byte[]> _state = [];

    /// <summary>As a kill leaves it: much of the content in the log.</summary>
    private string _killed = "";

    /// <summary>As an orderly stop leaves it.</summary>
    private string _closed = "";

    private enum Harm
    {
        BytesOfTheFile,
        BytesOfTheLog,
        LastPagesCutOff,
        LogCutOff,
        HeaderOverwritten,
        PageOverwritten,
        PageZeroed,
        FileCutToNothing,
    }

    public async Task InitializeAsync()
    {
        Random random = new(11);
        for (int round = 0; round < Rounds; round++)
        {
            await _bench.Outbox.AddAsync(
                new OutboxEvents { Transitions = [OutboxBench.Transition($"o-{round}")], State = [new StateWrite($"alarms/{round % 12}", [.. Enumerable.Repeat((byte)round, 50)])] },
                CancellationToken.None);
            await _bench.Outbox.AddAsync([new MeterReading($"meter-{round}", "energy", "kWh", _bench.NowMs, 123.4m + round, 7, Quality.Good, true)], CancellationToken.None);
            for (int index = 0; index < 400; index++)
            {
                _bench.Outbox.Add(_bench.Sample(BitConverter.Int64BitsToDouble(random.NextInt64()), $"p-{index % 5}"));
            }

            await _bench.PassAsync(250);
            if (round % 7 == 3)
            {
                // Some of it has been at the hub already, so that there are free pages with old content.
                await _bench.ConnectAsync();
                await _bench.ReceiptAsync(await _bench.NextAsync());
                await _bench.ReceiptAsync(await _bench.NextAsync());
                await _bench.PassAsync(250);
                await _bench.Outbox.DisconnectAsync();
            }
        }

        _killed = _bench.CopyAsAfterKill();
        await _bench.RestartAsync();
        await _bench.Outbox.DisposeAsync();
        _closed = _bench.CopyAsAfterKill();
        ReadTruth();
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    [Fact]
    public async Task Whatever_is_damaged_the_rest_is_served_and_the_loss_is_declared()
    {
        (int harmed, int lost, int rescued) = (0, 0, 0);
        for (int seed = 1; seed <= 160; seed++)
        {
            Random random = new(seed);
            Harm harm = (Harm)(seed % 8);
            string store = await HarmAsync(random, harm, seed);
            try
            {
                int missing = await CheckAsync(store, harm);
                lost += missing;
                harmed++;
                rescued += Quarantined(store).Length > 0 ? 1 : 0;
                output.WriteLine($"seed {seed} {harm}: {missing} of {_truth.Count} lost");
            }
            catch (Exception broken)
            {
                throw new InvalidOperationException($"seed {seed}, {harm}: {broken.Message}", broken);
            }
        }

        Assert.True(harmed > 100 && lost > 100 && rescued > 60, $"{harmed} {lost} {rescued}: the damage was harmless");
    }

    [Fact]
    public async Task Without_notes_a_damaged_store_still_serves_what_can_be_read()
    {
        string store = Path.ChangeExtension(_closed, ".alone.db");
        OutboxBench.Copy(_closed, store);
        File.Delete(OutboxBench.NotesOf(store));
        Overwrite(store, 0, Bytes(new Random(3), 100));
        await using SqliteOutbox outbox = _bench.Open(store);
        StoreHub hub = new();
        await hub.DrainAsync(outbox, _bench.Time);
        Assert.Equal(_truth.Count, hub.Served.Count);
        Assert.All(hub.Served, served => Assert.Equal(_truth[served.Key].Payload, served.Value));
        Assert.Empty(hub.Gaps);
        Assert.Equal(_state.Count, outbox.List("").Count);
    }

    [Fact]
    public async Task Damage_in_the_middle_of_a_run_does_not_end_the_edge()
    {
        bool broken = false;
        await using OutboxBench bench = new(seams: new StoreSeams { Commit = commit => Commit(commit) });
        for (int index = 1; index <= 40; index++)
        {
            await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition($"o-{index}")], State = [new StateWrite($"alarms/{index}", [(byte)index])] }, CancellationToken.None);
        }

        await bench.RestartAsync();
        long epoch = bench.Outbox.Epoch;
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-41")] }, CancellationToken.None);

        // SQLite has its pages in memory and would not notice: the disk says it at the next commit.
        long length = new FileInfo(bench.Path).Length;
        for (long page = 2; page < length / StoreImage.PageBytes; page++)
        {
            Overwrite(bench.Path, page * StoreImage.PageBytes, Bytes(new Random(4), StoreImage.PageBytes));
        }

        broken = true;
        OutboxEvents events = new() { Transitions = [OutboxBench.Transition("o-42")] };
        await Assert.ThrowsAsync<OutboxUnavailableException>(() => bench.Outbox.AddAsync(events, CancellationToken.None).AsTask());
        bench.Time.Advance(1_000);
        await bench.Outbox.AddAsync(events, CancellationToken.None);
        Assert.Equal(epoch, bench.Outbox.Epoch);
        Assert.Equal(40, bench.Outbox.List("alarms/").Count);
        Assert.Single(Quarantined(bench.Path));
        StoreHub hub = new();
        await hub.DrainAsync(bench.Outbox, bench.Time);
        string[] served = [.. hub.Served.Values.Select(payload => BatchCodec.Decode(payload).Batch!.Transitions.Single().Occurrence)];
        Assert.Equal(42, served.Distinct().Count() + hub.Declared.Count());
        Assert.Contains("o-42", served);
        Assert.NotEmpty(hub.Gaps);
        await bench.RestartAsync();
        Assert.Equal(40, bench.Outbox.List("alarms/").Count);

        void Commit(Action commit)
        {
            if (broken)
            {
                broken = false;
                throw new SqliteException("database disk image is malformed", 11);
            }

            commit();
        }
    }

    [Fact]
    public async Task Damaged_stores_are_kept_for_people_but_not_without_end()
    {
        string store = Path.ChangeExtension(_closed, ".often.db");
        OutboxBench.Copy(_closed, store);
        for (int round = 0; round < 6; round++)
        {
            Overwrite(store, 0, Bytes(new Random(round), 100));
            await _bench.Open(store).DisposeAsync();
            _bench.Time.Advance(10_000);
        }

        Assert.InRange(Quarantined(store).Length, 2, 3);
    }

    [Fact]
    public async Task A_kill_in_the_middle_of_the_replacement_leaves_one_of_the_two()
    {
        string store = Path.ChangeExtension(_closed, ".replaced.db");
        OutboxBench.Copy(_closed, store);
        File.Move(store, store + ".new");
        File.WriteAllBytes(store + "-wal", Bytes(new Random(1), 5_000));
        await using SqliteOutbox outbox = _bench.Open(store);
        StoreHub hub = new();
        await hub.DrainAsync(outbox, _bench.Time);
        Assert.Equal(_truth.Count, hub.Served.Count);
        Assert.Empty(hub.Gaps);
        Assert.False(File.Exists(store + ".new"));
    }

    [Fact]
    public void A_store_in_a_folder_that_cannot_be_used_is_refused_with_a_clear_error()
    {
        string folder = Path.Combine(Path.GetDirectoryName(_closed)!, "missing", "outbox.db");
        Assert.Contains(folder, Assert.Throws<OutboxUnavailableException>(() => _bench.Open(folder)).Message, StringComparison.Ordinal);
        string directory = Path.ChangeExtension(_closed, ".directory.db");
        Directory.CreateDirectory(directory);
        Assert.Contains(directory, Assert.Throws<OutboxUnavailableException>(() => _bench.Open(directory)).Message, StringComparison.Ordinal);
    }

    private async Task<int> CheckAsync(string store, Harm harm)
    {
        await using SqliteOutbox outbox = _bench.Open(store);
        Assert.True(outbox.Epoch > _truth.Keys.Max(number => number.Epoch));
        bool mayBeOld = harm is Harm.BytesOfTheLog or Harm.LogCutOff;
        Assert.All(outbox.List(""), state => Assert.True(mayBeOld ? WasOnce(state.Key, state.Value) : state.Value.AsSpan().SequenceEqual(_state[state.Key]), $"{state.Key} was invented"));
        StoreHub hub = new();
        await hub.DrainAsync(outbox, _bench.Time);
        BatchNumber[] shortened = [.. hub.Served.Where(served => !served.Value.AsSpan().SequenceEqual(_truth[served.Key].Payload)).Select(served => served.Key)];
        Assert.True(shortened.Length == 0 || mayBeOld, $"{shortened.Length} batches are not what was stored");
        BatchNumber[] missing = [.. _truth.Keys.Except(hub.Served.Keys)];
        Assert.Empty(missing.Except(hub.Declared));
        Assert.Empty(hub.Declared.Except(missing).Except(shortened));
        Assert.Equal(hub.Declared.Count(), hub.Declared.Distinct().Count());
        int lost = missing.Sum(number => _truth[number].Records) + shortened.Sum(number => _truth[number].Records - CheckShortened(number, hub.Served[number]));
        Assert.Equal(lost, hub.Gaps.Sum(gap => gap.Records));
        switch (harm)
        {
            case Harm.HeaderOverwritten:
                Assert.Empty(missing);
                Assert.Equal(_state.Count, outbox.List("").Count);
                break;
            case Harm.FileCutToNothing:
                Assert.Equal(_truth.Count, missing.Length);
                break;
            case Harm.BytesOfTheFile or Harm.PageOverwritten or Harm.PageZeroed:
                // No page holds more rows than this, and no more than three places were hit.
                Assert.InRange(missing.Length, 0, 3 * 20);
                break;
            default:
                break;
        }

        return missing.Length;
    }

    /// <summary>Where commits are lost, the batch that was growing is found as it was before: its samples are the first of each point.</summary>
    private int CheckShortened(BatchNumber number, byte[] payload)
    {
        Batch whole = BatchCodec.Decode(_truth[number].Payload).Batch!;
        Batch found = BatchCodec.Decode(payload).Batch!;
        foreach (IGrouping<PointRef, Sample> samples in found.Samples.GroupBy(sample => sample.Point))
        {
            Assert.Equal(samples, whole.Samples.Where(sample => sample.Point == samples.Key).Take(samples.Count()));
        }

        return found.RecordCount;
    }

    /// <summary>Where commits are lost, state is that of an earlier one.</summary>
    private static bool WasOnce(string key, byte[] value) =>
        value.Length == 50 && value.All(one => one == value[0]) && value[0] < Rounds && key == string.Create(CultureInfo.InvariantCulture, $"alarms/{value[0] % 12}");

    private async Task<string> HarmAsync(Random random, Harm harm, int seed)
    {
        string store = Path.ChangeExtension(_closed, string.Create(CultureInfo.InvariantCulture, $".{seed}.db"));
        OutboxBench.Copy(harm is Harm.BytesOfTheLog or Harm.LogCutOff ? _killed : _closed, store);
        string file = harm is Harm.BytesOfTheLog or Harm.LogCutOff ? store + "-wal" : store;
        long length = new FileInfo(file).Length;
        switch (harm)
        {
            case Harm.BytesOfTheFile or Harm.BytesOfTheLog:
                for (int hit = random.Next(1, 4); hit > 0; hit--)
                {
                    Overwrite(file, random.NextInt64(length), Bytes(random, 1));
                }

                break;
            case Harm.LastPagesCutOff:
                await using (FileStream cut = File.OpenWrite(file))
                {
                    cut.SetLength(length - random.Next(1, 3 * StoreImage.PageBytes));
                }

                break;
            case Harm.LogCutOff:
                await using (FileStream cut = File.OpenWrite(file))
                {
                    cut.SetLength(random.NextInt64(length));
                }

                break;
            case Harm.HeaderOverwritten:
                Overwrite(file, 0, Bytes(random, 100));
                break;
            case Harm.PageOverwritten or Harm.PageZeroed:
                long page = random.NextInt64(length / StoreImage.PageBytes);
                Overwrite(file, page * StoreImage.PageBytes, harm == Harm.PageZeroed ? new byte[StoreImage.PageBytes] : Bytes(random, StoreImage.PageBytes));
                break;
            case Harm.FileCutToNothing:
                await File.WriteAllBytesAsync(file, []);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(harm), harm, "not a harm");
        }

        return store;
    }

    private void ReadTruth()
    {
        using SqliteConnection connection = new($"Data Source={_bench.Path};Pooling=False;Mode=ReadOnly");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT epoch, lane, sequence, records, payload FROM outbox; SELECT name, value FROM state";
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            _truth.Add(new BatchNumber(reader.GetInt64(0), (Lane)reader.GetInt64(1), reader.GetInt64(2)), ((byte[])reader.GetValue(4), (int)reader.GetInt64(3)));
        }

        reader.NextResult();
        while (reader.Read())
        {
            _state.Add(reader.GetString(0), (byte[])reader.GetValue(1));
        }
    }

    private static string[] Quarantined(string store) =>
        [.. Directory.GetFiles(Path.GetDirectoryName(store)!, $"{Path.GetFileName(store)}.damaged-*").Where(file => !file.EndsWith("-wal", StringComparison.Ordinal) && !file.EndsWith("-shm", StringComparison.Ordinal))];

    private static byte[] Bytes(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static void Overwrite(string file, long at, byte[] bytes)
    {
        using FileStream stream = File.OpenWrite(file);
        stream.Position = at;
        stream.Write(bytes);
    }
}
