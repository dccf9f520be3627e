using IotProperty.Edge.Hosting;
using IotProperty.Tests;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Tests.Hosting;

public class ConsoleLogTests
{
    [Theory]
    [InlineData(false, "2026-01-01T00:00:00.000Z warn [1303] line down: two lines here\n")]
    [InlineData(true, "<4>[1303] line down: two lines here\n")]
    public void One_event_is_one_line_in_the_form_of_its_reader(bool journal, string expected)
    {
        StringWriter written = new() { NewLine = "\n" };
        using ConsoleLog log = new(written, new FakeTime(), journal);
        log.CreateLogger("IotProperty.Edge.Lines").Log(LogLevel.Warning, new EventId(1303), "line down: two\nlines here", null, (text, _) => text);
        log.CreateLogger("IotProperty.Edge.Lines").Log(LogLevel.Debug, default, "not told", null, (text, _) => text);
        log.CreateLogger("Microsoft.AspNetCore").Log(LogLevel.Information, default, "not told", null, (text, _) => text);
        Assert.Equal(expected, written.ToString());
    }

    [Fact]
    public void Exception_stays_on_the_line()
    {
        StringWriter written = new() { NewLine = "\n" };
        using ConsoleLog log = new(written, new FakeTime(), journal: true);
        log.CreateLogger("x").Log(LogLevel.Error, new EventId(1), "broken", new InvalidOperationException("why"), (text, _) => text);
        Assert.StartsWith("<3>[1] broken | System.InvalidOperationException: why", written.ToString(), StringComparison.Ordinal);
        Assert.Single(written.ToString().TrimEnd().Split('\n'));
    }

    [Fact]
    public void Nothing_that_is_quoted_drives_a_terminal()
    {
        StringWriter written = new() { NewLine = "\n" };
        using ConsoleLog log = new(written, new FakeTime(), journal: true);
        log.CreateLogger("x").Log(LogLevel.Warning, new EventId(1), "said \u001b[2J\0\u0007", null, (text, _) => text);
        Assert.Equal("<4>[1] said ?[2J??\n", written.ToString());
    }
}
