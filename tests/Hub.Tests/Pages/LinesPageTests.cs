using System.Text.RegularExpressions;
using IotProperty.Hub.Overview;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Pages;

/// <summary>What the edges say of their lines: seen on a page of its own and nowhere else.</summary>
public sealed partial class LinesPageTests(SeededHub seeded) : IClassFixture<SeededHub>
{
    [Fact]
    public async Task Full_line_and_silent_device_are_named_and_what_is_normal_is_not()
    {
        string page = await seeded.Hub.TextOfAsync("/lines/parts", "en");
        Assert.Contains("Line cellar Utilisation 98.4 % over-subscribed", page, StringComparison.Ordinal);
        Assert.Contains("Requests 1,203 1/min", page, StringComparison.Ordinal);
        Assert.Contains("Round trip, 95 % 130 ms", page, StringComparison.Ordinal);
        Assert.Contains("Flat 101 electricity meter-1 answers 4.1\u00a0s later than wanted 2\u00a0s 0", page, StringComparison.Ordinal);
        Assert.Contains("Fire pumps pump-1 does not answer 60\u00a0s 500\u00a0ms 31", page, StringComparison.Ordinal);
        Assert.Single(OverSubscribed().Matches(page));
    }

    [Fact]
    public async Task Old_word_of_a_line_never_looks_fresh()
    {
        string html = await seeded.Hub.HtmlOfAsync("/lines/parts", "en");
        string roof = html[html.IndexOf("Line roof", StringComparison.Ordinal)..];
        Assert.Contains("class=\"value stale\"", roof, StringComparison.Ordinal);
        Assert.Contains("class=\"fill stale ", roof, StringComparison.Ordinal);
        Assert.Contains("old, from", roof, StringComparison.Ordinal);
        Assert.DoesNotContain(">answers<", roof.Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_speak_Chinese()
    {
        string page = await seeded.Hub.TextOfAsync("/lines", "zh-CN");
        foreach (string word in (string[])["通信线路", "负荷率", "负荷已满", "无应答", "实际周期", "设定周期"])
        {
            Assert.Contains(word, page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Overview_and_meters_show_no_line()
    {
        foreach (string address in (string[])["/sites/riverside", "/meters"])
        {
            Assert.DoesNotContain("line-", await seeded.Hub.HtmlOfAsync(address, "en"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(94.9, false)]
    [InlineData(95, true)]
    [InlineData(140, true)]
    public void Line_is_over_subscribed_once_it_has_no_time_left(double percent, bool full)
    {
        LineOverview line = LineOverview.Of(Pseudo(Point("utilisation", percent)), []);
        Assert.Equal(full, line.IsOverSubscribed);
        Assert.Equal(full, line.IsAbnormal);
    }

    [Theory]
    [InlineData(1, 1, 1, false, false)]
    [InlineData(1, 1.25, 1, false, false)]
    [InlineData(1, 1.3, 1, false, true)]
    [InlineData(0, 9, 1, true, false)]
    public void Device_is_silent_or_late_but_never_both(double answers, double period, double wanted, bool silent, bool late)
    {
        DeviceOverview pseudo = Pseudo(Point("utilisation", 10), Point("m1-answers", answers), Point("m1-period", period), Point("m1-wanted", wanted));
        LineDevice device = Assert.Single(LineOverview.Of(pseudo, []).Devices);
        Assert.Equal(("m1", silent, late), (device.Id, device.IsSilent, device.IsLate));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void Line_whose_port_is_gone_is_down(double up, bool down)
    {
        LineOverview line = LineOverview.Of(Pseudo(Point("up", up)), []);
        Assert.Equal((down, down), (line.IsDown, line.IsAbnormal));
    }

    [Theory]
    [InlineData(0.5, "500\u00a0ms")]
    [InlineData(4.12, "4.1\u00a0s")]
    [InlineData(90, "90\u00a0s")]
    [InlineData(900, "15\u00a0min")]
    public void Period_is_told_in_the_unit_that_people_use(double seconds, string text) => Assert.Equal(text, IotProperty.Hub.Pages.Show.Period(seconds));

    [Fact]
    public void What_is_no_longer_true_marks_nothing_abnormal()
    {
        DeviceOverview pseudo = Pseudo(Point("utilisation", 99, Freshness.EdgeAway), Point("m1-answers", 0, Freshness.Old), Point("m1-period", 9000, Freshness.Old));
        Assert.False(LineOverview.Of(pseudo, []).IsAbnormal);
    }

    private static DeviceOverview Pseudo(params PointOverview[] points) => new("line-a", LineOverview.Kind, "line", new LocalText("a", "a"), points, []);

    private static PointOverview Point(string id, double value, Freshness freshness = Freshness.Fresh) =>
        new(id, new LocalText(id, id), "", value, 1, Quality.Good, freshness, null, null);

    [GeneratedRegex("over-subscribed")]
    private static partial Regex OverSubscribed();
}
