using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Tests.Ledger;

public sealed class RegisterLedgerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-ledger-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_was_served_comes_back_in_order()
    {
        using RegisterLedger ledger = new(_folder, ["plant", "meters"]);
        ledger.Record(1000, "plant", 11, RegisterTable.HoldingRegisters, 0, [1, 2, 0xFFFF]);
        ledger.Record(1500, "meters", 101, RegisterTable.InputRegisters, 7, [9]);
        ledger.Record(2000, "plant", 11, RegisterTable.Coils, 3, [0, 1]);
        ServedRead[] all = [.. ledger.Query(new LedgerQuery())];
        Assert.Equal([1000L, 1500, 2000], all.Select(r => r.TimeMs));
        Assert.Equal([1, 2, 0xFFFF], all[0].Values.Select(v => (int)v));
        Assert.Equal(("meters", (byte)101, RegisterTable.InputRegisters, (ushort)7), (all[1].Line, all[1].Unit, all[1].Table, all[1].Address));
        Assert.Equal(3, ledger.Count);
    }

    [Fact]
    public void Question_for_one_register_finds_the_reads_that_cover_it_whole()
    {
        using RegisterLedger ledger = new(_folder, ["plant"]);
        ledger.Record(1, "plant", 11, RegisterTable.HoldingRegisters, 0, [1, 2, 3]);
        ledger.Record(2, "plant", 11, RegisterTable.HoldingRegisters, 2, [3, 4]);
        ledger.Record(3, "plant", 12, RegisterTable.HoldingRegisters, 0, [1, 2, 3, 4]);
        LedgerQuery query = new() { Line = "plant", Unit = 11, Table = RegisterTable.HoldingRegisters, Address = 2, Words = 2 };
        Assert.Equal([2L], ledger.Query(query).Select(r => r.TimeMs));
        Assert.Equal([1L, 2], ledger.Query(query with { Words = 1 }).Select(r => r.TimeMs));
        Assert.Equal([2L], ledger.Query(query with { Words = 1, FromMs = 2, ToMs = 3 }).Select(r => r.TimeMs));
    }

    [Fact]
    public void Files_are_bounded_and_the_oldest_goes()
    {
        using RegisterLedger ledger = new(_folder, ["plant"], segmentBytes: 1000, segmentCount: 3);
        for (int i = 0; i < 1000; i++)
        {
            ledger.Record(i, "plant", 1, RegisterTable.HoldingRegisters, 0, [(ushort)i]);
        }

        long[] times = [.. ledger.Query(new LedgerQuery()).Select(r => r.TimeMs)];
        string[] files = Directory.GetFiles(_folder);
        Assert.Equal(3, files.Length);
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 1, 1100));
        Assert.Equal(999, times[^1]);
        Assert.Equal(Enumerable.Range((int)times[0], times.Length).Select(i => (long)i), times);
    }

    [Fact]
    public async Task Being_asked_while_it_records_loses_nothing()
    {
        using RegisterLedger ledger = new(_folder, ["plant"], segmentBytes: 4000, segmentCount: 100);
        Task recording = Task.Run(() =>
        {
            for (int i = 0; i < 5_000; i++)
            {
                ledger.Record(i, "plant", 1, RegisterTable.HoldingRegisters, 0, [(ushort)i]);
            }
        });
        int before = 0;
        while (!recording.IsCompleted)
        {
            long[] times = [.. ledger.Query(new LedgerQuery()).Select(r => r.TimeMs)];
            Assert.Equal(Enumerable.Range(0, times.Length).Select(i => (long)i), times);
            Assert.True(times.Length >= before);
            before = times.Length;
        }

        await recording;
        Assert.Equal(5_000, ledger.Query(new LedgerQuery()).Count());
    }

    [Fact]
    public void Ledger_goes_on_after_a_restart()
    {
        using (RegisterLedger first = new(_folder, ["plant"]))
        {
            first.Record(1, "plant", 1, RegisterTable.Coils, 0, [1]);
        }

        using RegisterLedger second = new(_folder, ["plant"]);
        second.Record(2, "plant", 1, RegisterTable.Coils, 0, [0]);
        Assert.Equal([1L, 2], second.Query(new LedgerQuery()).Select(r => r.TimeMs));
    }

    [Fact]
    public void Torn_tail_of_a_killed_process_is_left_out()
    {
        using (RegisterLedger first = new(_folder, ["plant"]))
        {
            first.Record(1, "plant", 1, RegisterTable.Coils, 0, [1]);
            first.Record(2, "plant", 1, RegisterTable.Coils, 0, [1, 1, 1]);
        }

        string file = Directory.GetFiles(_folder).Single();
        using (FileStream torn = new(file, FileMode.Open))
        {
            torn.SetLength(torn.Length - 3);
        }

        using RegisterLedger second = new(_folder, ["plant"]);
        second.Record(3, "plant", 1, RegisterTable.Coils, 0, [0]);
        Assert.Equal([1L, 3], second.Query(new LedgerQuery()).Select(r => r.TimeMs));
    }

    [Fact]
    public void Journal_remembers_what_happened_and_when()
    {
        using EventJournal journal = new(_folder);
        journal.Record(10, new WorldEvent(WorldEventKind.Swipe, "door-1", "1001001", 7));
        journal.Record(20, new WorldEvent(WorldEventKind.FaultSet, "pump-1", "pressure-low", 0));
        Assert.Equal(
            [new JournalEntry(10, WorldEventKind.Swipe, "door-1", "1001001", 7), new JournalEntry(20, WorldEventKind.FaultSet, "pump-1", "pressure-low", 0)],
            journal.Query(0, 100));
        Assert.Equal(20, Assert.Single(journal.Query(11, 21)).TimeMs);
    }
}
