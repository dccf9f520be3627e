using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using IotProperty.Hub.Reconciliation;

namespace IotProperty.Hub.Tests.Reconciliation;

public class SequenceRangeTests
{
    [Theory]
    [InlineData("", "1-5")]
    [InlineData("1 2 3 4 5", "")]
    [InlineData("2 4", "1-1 3-3 5-5")]
    [InlineData("3", "1-2 4-5")]
    [InlineData("-7 0 1 5 6 9", "2-4")]
    public void What_is_not_known_is_told_in_ranges(string known, string missing) => Assert.Equal(
        missing,
        Text(SequenceRange.Missing(1, 5, known.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => long.Parse(text, CultureInfo.InvariantCulture)), 100)));

    [Fact]
    public void The_end_of_all_sequences_is_no_trap() =>
        Assert.Equal([new SequenceRange(long.MaxValue - 1, long.MaxValue - 1)], SequenceRange.Missing(long.MaxValue - 1, long.MaxValue, [long.MaxValue], 5));

    [Fact]
    public void No_more_ranges_are_told_than_asked_for() => Assert.Equal("1-1 3-3", Text(SequenceRange.Missing(1, 100, Enumerable.Range(1, 50).Select(n => n * 2L), 2)));

    [Fact]
    public void What_others_hold_is_taken_away() =>
        Prop.ForAll(
            (from ranges in Range.ListOf() from span in Range select (ranges, span)).ToArbitrary(),
            given =>
            {
                HashSet<long> left = [.. Numbers(given.span).Except(given.ranges.SelectMany(Numbers))];
                Assert.Equal(left.Order(), given.span.Without(given.ranges).SelectMany(Numbers));
            }).QuickCheckThrowOnFailure();

    private static Gen<SequenceRange> Range { get; } =
        from first in Gen.Choose(1, 20)
        from length in Gen.Choose(0, 6)
        select new SequenceRange(first, first + length);

    private static IEnumerable<long> Numbers(SequenceRange range) => Enumerable.Range((int)range.First, (int)(range.Last - range.First + 1)).Select(n => (long)n);

    private static string Text(IEnumerable<SequenceRange> ranges) => string.Join(' ', ranges.Select(range => $"{range.First}-{range.Last}"));
}
