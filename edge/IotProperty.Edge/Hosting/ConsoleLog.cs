using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Hosting;

/// <summary>
/// Writes log lines to standard error, one a line: time, level, event id, text. Under systemd the journal's level prefix stands in place of time and
/// level, which the journal keeps itself. Standard output stays free for what programs read.
/// </summary>
public sealed class ConsoleLog(TextWriter writer, TimeProvider time, bool journal) : ILoggerProvider
{
    private readonly Lock _lock = new();

    /// <summary>In the form that the reader of standard error wants.</summary>
    public static ConsoleLog To(TextWriter writer, TimeProvider time) =>
        new(writer, time, !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("JOURNAL_STREAM")));

    public ILogger CreateLogger(string categoryName) => new CategoryLogger(this, IsForeign(categoryName) ? LogLevel.Warning : LogLevel.Information);

    public void Dispose()
    {
        lock (_lock)
        {
            writer.Flush();
        }
    }

    /// <summary>The web server's own chatter is of no use to an operator.</summary>
    private static bool IsForeign(string category) => category.StartsWith("Microsoft.", StringComparison.Ordinal);

    private void Write(LogLevel level, EventId id, string text, Exception? exception)
    {
        StringBuilder line = new();
        if (journal)
        {
            line.Append('<').Append(Priority(level)).Append('>');
        }
        else
        {
            line.Append(time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)).Append(' ').Append(Name(level)).Append(' ');
        }

        line.Append(CultureInfo.InvariantCulture, $"[{id.Id}] ").Append(OneLine(text, " "));
        if (exception is not null)
        {
            line.Append(" | ").Append(OneLine(exception.ToString(), " | "));
        }

        lock (_lock)
        {
            writer.WriteLine(line.ToString());
        }
    }

    /// <summary>Whatever a message quotes, it stays one line and drives no terminal.</summary>
    private static string OneLine(string text, string lineBreak)
    {
        string line = text.ReplaceLineEndings(lineBreak);
        return line.Any(char.IsControl) ? string.Concat(line.Select(c => char.IsControl(c) ? '?' : c)) : line;
    }

    /// <summary>Syslog priorities (sd-daemon(3)).</summary>
    private static int Priority(LogLevel level) => level switch
    {
        LogLevel.Critical => 2,
        LogLevel.Error => 3,
        LogLevel.Warning => 4,
        LogLevel.Information => 6,
        _ => 7,
    };

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Critical => "crit",
        LogLevel.Error => "fail",
        LogLevel.Warning => "warn",
        LogLevel.Information => "info",
        _ => "dbug",
    };

    private sealed class CategoryLogger(ConsoleLog log, LogLevel least) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Write(logLevel, eventId, formatter(state, exception), exception);
            }
        }
    }
}
