using IotProperty.Protocols.MBus;

namespace IotProperty.Protocols.Tests.MBus;

public sealed class MBusSecondarySearchTests
{
    [Fact]
    public void Empty_line_is_asked_once()
    {
        MBusSecondarySearch search = Run(new FakeBus());
        Assert.Equal((1, 0, 1.0), (search.Requests, search.Found.Count, search.Progress));
        Assert.True(search.IsOver);
    }

    [Fact]
    public void Only_meter_is_found_with_the_first_selection()
    {
        MBusSecondarySearch search = Run(new FakeBus(new FakeMeter("12345678HYD0107", 17)));
        Assert.Equal(["12345678HYD0107 17"], Found(search));
        Assert.Equal(2, search.Requests);
    }

    [Fact]
    public void Every_meter_of_a_full_line_is_found()
    {
        Random random = new(20_261_122);
        string[] meters = [.. Enumerable.Range(0, 120).Select(i => $"{random.Next(100_000_000):00000000}HYD01{(i % 2 == 0 ? "07" : "04")}")];
        MBusSecondarySearch search = Run(new FakeBus([.. meters.Select(m => new FakeMeter(m))]));
        Assert.Equal(meters.Order(), search.Found.Select(m => m.Address.ToString()).Order());
        Assert.Empty(search.Unresolved);
        Assert.False(search.IsCutShort);
        Assert.InRange(search.Requests, 120, 3_000);
    }

    [Fact]
    public void Meters_that_differ_in_their_last_digit_are_told_apart()
    {
        string[] meters = [.. Enumerable.Range(0, 10).Select(i => $"9999999{i}KAM0104")];
        Assert.Equal(meters, Run(new FakeBus([.. meters.Select(m => new FakeMeter(m))])).Found.Select(m => m.Address.ToString()));
    }

    [Theory]
    [InlineData("12345678HYD0107", "12345678HYD0106")]
    [InlineData("12345678HYD0107", "12345678HYD0207")]
    [InlineData("00000000HYD0107", "00000000KAM0104")]
    public void Meters_with_the_same_digits_are_told_apart_by_what_else_differs(string first, string second)
    {
        MBusSecondarySearch search = Run(new FakeBus(new FakeMeter(first), new FakeMeter(second)));
        Assert.Equal([first, second], search.Found.Select(m => m.Address.ToString()).OrderBy(m => m == second));
        Assert.Empty(search.Unresolved);
    }

    [Fact]
    public void Twins_are_told_apart_by_their_fabrication_numbers_and_by_maker_when_one_is_known()
    {
        MBusSecondarySearch search = Run(new FakeBus(
            new FakeMeter("12345678HYD0107", 1) { FabricationNumber = 0x0000_1111 }, new FakeMeter("12345678HYD0107", 2) { FabricationNumber = 0x0000_2222 }));
        Assert.Equal(["12345678HYD0107 1", "12345678HYD0107 2"], Found(search));

        FakeBus bus = new(new FakeMeter("12345678HYD0107"), new FakeMeter("12345678KAM0107"));
        MBusSearchLimits known = MBusSearchLimits.Whole with { Manufacturers = [MBusManufacturer.Code("KAM")!.Value, MBusManufacturer.Code("HYD")!.Value] };
        Assert.Equal(2, Run(bus, known).Found.Count);
    }

    [Fact]
    public void Meters_that_nothing_tells_apart_are_reported()
    {
        MBusSecondarySearch search = Run(new FakeBus(new FakeMeter("12345678HYD0107", 1), new FakeMeter("12345678HYD0107", 2)));
        Assert.Empty(search.Found);
        Assert.Contains(search.Unresolved, selection => selection.IdText == "12345678");
    }

    [Fact]
    public void Lost_answer_does_not_lose_the_meter()
    {
        FakeBus bus = new(new FakeMeter("11111111HYD0107"), new FakeMeter("11111112HYD0107"));
        int asked = 0;
        MBusSecondarySearch search = new(MBusSearchLimits.Whole);
        while (!search.IsOver)
        {
            byte[] heard = bus.Ask(search.Outgoing.Span);
            // The first answer to one of the ten parts of a level is lost.
            search.Heard(++asked == 4 ? [] : heard);
        }

        Assert.Equal(2, search.Found.Count);
    }

    [Fact]
    public void Line_that_answers_noise_to_everything_ends_the_search_at_its_bound()
    {
        MBusSecondarySearch search = new(MBusSearchLimits.Whole with { MaxRequests = 500 });
        double before = 0;
        while (!search.IsOver)
        {
            Assert.InRange(search.Progress, before, 1);
            before = search.Progress;
            search.Heard([0xFD]);
        }

        Assert.True(search.IsCutShort);
        Assert.Equal(500, search.Requests);
        Assert.Empty(search.Found);
        Assert.Throws<InvalidOperationException>(() => search.Heard([]));
    }

    [Fact]
    public void Search_can_be_kept_within_some_digits()
    {
        Assert.True(MBusSecondaryAddress.TryParse("1FFFFFFF", out MBusSecondaryAddress within));
        MBusSecondarySearch search = Run(
            new FakeBus(new FakeMeter("12345678HYD0107"), new FakeMeter("22345678HYD0107")), MBusSearchLimits.Whole with { Within = within });
        Assert.Equal("12345678HYD0107", Assert.Single(search.Found).Address.ToString());
    }

    private static string[] Found(MBusSecondarySearch search) => [.. search.Found.Select(m => $"{m.Address} {m.PrimaryAddress}")];

    private static MBusSecondarySearch Run(FakeBus bus, MBusSearchLimits? limits = null)
    {
        MBusSecondarySearch search = new(limits ?? MBusSearchLimits.Whole);
        while (!search.IsOver)
        {
            search.Heard(bus.Ask(search.Outgoing.Span));
        }

        return search;
    }
}
