using FsCheck;
using FsCheck.Fluent;
using IotProperty.Simulators.Scenarios.Truth;
using IotProperty.Tests;

namespace IotProperty.Simulators.Tests.Scenarios;

public class SequenceAlignmentTests
{
    private const long Late = 500;

    [Fact]
    public void Every_change_told_once_agrees()
    {
        Assert.Null(Compare("1 1 2 2 3 3 2", "1@1 2@3 3@5 2@7"));
    }

    [Fact]
    public void Repeats_after_a_long_silence_or_a_restart_are_no_difference()
    {
        Assert.Null(Compare("1 1 1 2 2", "1@1 1@3 2@4 2@5"));
    }

    [Fact]
    public void Lost_change_is_named()
    {
        string? difference = Compare("1 2 3", "1@1 3@3");
        Assert.Contains("2 was served at 00:00:02.000", difference, StringComparison.Ordinal);
    }

    [Fact]
    public void Lost_change_that_comes_back_to_the_same_value_is_seen()
    {
        Assert.NotNull(Compare("1 2 1", "1@1"));
    }

    [Fact]
    public void Invented_value_is_named()
    {
        string? difference = Compare("1 1 1", "1@1 9@2");
        Assert.Contains("the hub holds 9 at 00:00:02.000", difference, StringComparison.Ordinal);
    }

    [Fact]
    public void Value_of_another_time_does_not_count()
    {
        Assert.NotNull(Compare("1 2 1 2", "1@1 2@4"));
        Assert.NotNull(SequenceAlignment.Disagreement([new Shown(1000, 1, true)], [new Told(1501, 1)], Late));
        Assert.NotNull(SequenceAlignment.Disagreement([new Shown(1000, 1, true)], [new Told(900, 1)], Late));
        Assert.Null(SequenceAlignment.Disagreement([new Shown(1000, 1, true)], [new Told(1500, 1)], Late));
    }

    [Fact]
    public void Order_matters()
    {
        Assert.NotNull(Compare("1 2 3", "1@1 3@3 2@2"));
    }

    [Fact]
    public void What_was_served_in_the_loss_window_may_be_missing_or_there()
    {
        Assert.Null(Compare("1 2? 3? 4", "1@1 4@4"));
        Assert.Null(Compare("1 2? 3? 4", "1@1 2@2 4@4"));
        Assert.Null(Compare("1 2? 3? 4", "1@1 2@2 3@3 4@4"));
        Assert.Null(Compare("1 2? 1", "1@1"));
        Assert.NotNull(Compare("1 2? 3 4", "1@1 4@4"));
    }

    [Fact]
    public void Where_each_read_counts_a_repeated_value_may_not_be_missing()
    {
        Assert.Null(Compare("5 5 5", "5@1"));
        Assert.NotNull(Compare("5 5 5", "5@1 5@3", each: true));
        Assert.Null(Compare("5 5? 5", "5@1 5@3", each: true));
        Assert.Null(Compare("5 5 5", "5@1 5@2 5@3", each: true));
        Assert.NotNull(Compare("5 5 5", "5@1 5@2 5@2 5@3", each: true));
    }

    [Fact]
    public void What_may_belong_elsewhere_may_be_left_out_and_may_be_used()
    {
        Told[] told = [new(1000, 1), new(2000, 2) { Optional = true }, new(2000, 7) { Optional = true }, new(3000, 3)];
        Shown[] shown = [new(1000, 1, true), new(2000, 2, true), new(3000, 3, true)];
        Assert.Null(SequenceAlignment.Disagreement(shown, told, Late));
        Assert.NotNull(SequenceAlignment.Disagreement(shown, [.. told.Where(t => t.Value != 2)], Late));
        Assert.NotNull(SequenceAlignment.Disagreement(shown, [.. told.Select(t => t with { Optional = false })], Late));
        Assert.Null(SequenceAlignment.Disagreement(shown, [.. told, new(3000, 3) { Optional = true }], Late));
    }

    [Fact]
    public void Optional_values_are_not_taken_together_with_their_neighbours()
    {
        Assert.Null(SequenceAlignment.Disagreement([new(5000, 1, true)], [new(3000, 1) { Optional = true }, new(5000, 1) { Optional = true }], Late));
    }

    [Fact]
    public void Answer_of_an_edge_that_stood_still_may_be_stamped_later_than_others()
    {
        Told[] told = [new(4000, 1)];
        Assert.NotNull(SequenceAlignment.Disagreement([new(1000, 1, true)], told, Late));
        Assert.Null(SequenceAlignment.Disagreement([new(1000, 1, true) { LateMs = 3000 }], told, Late));
    }

    [Fact]
    public void Store_that_rounds_may_differ_by_as_much_as_it_rounds()
    {
        Shown[] shown = [new(1000, 1058.8355712890625, true), new(2000, -414.06509399414062, true)];
        Told[] told = [new(1000, 1058.83557129), new(2000, -414.065093994)];
        Assert.NotNull(SequenceAlignment.Disagreement(shown, told, Late));
        Assert.Null(SequenceAlignment.Disagreement(shown, told, Late, relativeError: 1e-11));
        Assert.NotNull(SequenceAlignment.Disagreement(shown, [told[0] with { Value = 1058.8355713 }, told[1]], Late, relativeError: 1e-11));
    }

    [Fact]
    public void Dropping_any_certain_change_is_always_noticed()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<byte>(), (bytes, which) =>
        {
            Shown[] shown = [.. bytes.Select((b, i) => new Shown((i + 1) * 1000, b % 4, true))];
            Told[] changes = [.. shown.Where((s, i) => i == 0 || s.Value != shown[i - 1].Value).Select(s => new Told(s.TimeMs + 3, s.Value))];
            if (SequenceAlignment.Disagreement(shown, changes, Late) is not null)
            {
                return false;
            }

            if (changes.Length == 0)
            {
                return true;
            }

            Told[] holed = [.. changes.Where((_, i) => i != which % changes.Length)];
            return SequenceAlignment.Disagreement(shown, holed, Late) is not null;
        }).Check(PropertyRun.Config);
    }

    /// <summary>Served values, one a second (<c>?</c>: may be lost), against told ones (<c>value@second</c>).</summary>
    private static string? Compare(string shown, string told, bool each = false) => SequenceAlignment.Disagreement(
        [.. shown.Split(' ').Select((s, i) => new Shown((i + 1) * 1000, Number(s.TrimEnd('?')), !s.EndsWith('?')))],
        [.. told.Split(' ').Select(t => t.Split('@')).Select(t => new Told((long)(Number(t[1]) * 1000), Number(t[0])))],
        Late,
        each);

    private static double Number(string text) => double.Parse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture);
}
