using IotProperty.Simulators.Ledger;

namespace IotProperty.Simulators.Tests.Ledger;

public sealed class ItemLedgerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-items-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_was_shown_comes_back_exactly_and_in_order()
    {
        using ItemLedger ledger = new(_folder);
        ServedItems[] answers = [.. Enumerable.Range(0, 5).Select(i => Answer(i))];
        foreach (ServedItems answer in answers)
        {
            ledger.Record(answer);
        }

        Assert.Equal(answers.Select(Text), ledger.Query(long.MinValue, long.MaxValue).Select(Text));
        Assert.Equal([1L, 2], ledger.Query(1, 3).Select(a => a.TimeMs));
        Assert.Equal(5, ledger.Count);
    }

    [Fact]
    public void Old_answers_go_when_the_files_are_full()
    {
        using ItemLedger ledger = new(_folder, segmentBytes: 200, segmentCount: 3);
        for (int i = 0; i < 100; i++)
        {
            ledger.Record(Answer(i));
        }

        Assert.Equal(3, Directory.GetFiles(_folder).Length);
        Assert.Equal(99, ledger.Query(long.MinValue, long.MaxValue).Last().TimeMs);
    }

    private static ServedItems Answer(int i) => new(i, "power", "lift-power", new Dictionary<string, decimal> { ["energy"] = 12.50m + i, ["power"] = 0.0001m * i });

    private static string Text(ServedItems answer) =>
        $"{answer.TimeMs} {answer.Line} {answer.Device} {string.Join(' ', answer.Values.Select(v => FormattableString.Invariant($"{v.Key}={v.Value}")))}";
}
