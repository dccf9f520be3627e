using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace IotProperty.Tests;

/// <summary>Keeps what is logged, in words.</summary>
public sealed class ListLogger(List<string> log) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        log.Add(formatter(state, exception));
}

/// <summary>The same for a part that logs from several tasks.</summary>
public sealed class ListLogger<T> : ILogger<T>
{
    private readonly ConcurrentQueue<string> _lines = [];
    private volatile TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<string> Lines => [.. _lines];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Add(formatter(state, exception));

    /// <summary>Completes when a line is there for which this holds.</summary>
    public async Task UntilAsync(Func<string, bool> holds)
    {
        while (true)
        {
            Task more = _more.Task;
            if (_lines.Any(holds))
            {
                return;
            }

            await more.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    private void Add(string line)
    {
        _lines.Enqueue(line);
        Interlocked.Exchange(ref _more, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }
}
