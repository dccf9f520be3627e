using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace IotProperty.SystemTests.Entry;

/// <summary>Keeps the warnings of a hub, category by category.</summary>
internal sealed class EntryLog : ILoggerProvider
{
    private readonly ConcurrentQueue<(string Category, string Text)> _warnings = new();

    public IReadOnlyList<string> Take(string category)
    {
        string[] found = [.. _warnings.Where(warning => warning.Category == category).Select(warning => warning.Text)];
        _warnings.Clear();
        return found;
    }

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Writer(EntryLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log._warnings.Enqueue((category, formatter(state, exception)));
            }
        }
    }
}
