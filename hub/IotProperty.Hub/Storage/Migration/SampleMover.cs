using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Hub.Telemetry;
using IotProperty.Protocols.InfluxLine;
using Npgsql;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>
/// Moves samples into a time-series server, series by series in order of time, in stretches: some requests at once, then, where the server answers before it syncs, its
/// proof that all of them are on disk, then the mark in PostgreSQL. What a stretch that broke has written is written again over itself, or, where the server keeps what
/// repeats, passed over.
/// </summary>
internal sealed class SampleMover(
    EmbeddedTelemetry source, ITimeSeriesEngine engine, NpgsqlDataSource target, MigrationMarks marks, MigrationOptions options, IMigrationReport report, TimeProvider time)
{
    /// <summary>The name of the step.</summary>
    public const string Step = "telemetry samples";

    private static readonly TimeSpan LifePause = TimeSpan.FromMilliseconds(500);

    /// <param name="holds">Which event times are moved, both ends included.</param>
    /// <exception cref="InvalidDataException">A part of the embedded store is damaged, and may not be left out.</exception>
    public async Task MoveAsync((long FirstMs, long LastMs) holds, CancellationToken cancellationToken)
    {
        StepMark mark = await marks.StepAsync(MigrationPart.Telemetry, Step, cancellationToken);
        report.Begin($"move {Step}", source.Samples, mark.Moved);
        await using Writers writers = new(engine, options);
        SamplesThere known = await SamplesThere.LookAsync(engine, source, options, holds, cancellationToken);
        while (!mark.Done)
        {
            StepMark to = await WriteProvenAsync(writers, known, mark, holds, cancellationToken);
            await using NpgsqlConnection connection = await target.OpenConnectionAsync(cancellationToken);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            await MigrationMarks.AdvanceAsync(connection, MigrationPart.Telemetry, Step, mark, to, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            mark = to;
            report.Progress(mark.Moved);
        }

        report.End(mark.Moved);
    }

    /// <summary>Writes a stretch until the server has kept one run through and, where it must, has proven it.</summary>
    private async Task<StepMark> WriteProvenAsync(Writers writers, SamplesThere known, StepMark from, (long FirstMs, long LastMs) holds, CancellationToken cancellationToken)
    {
        TimeSpan pause = options.RetryPause;
        SamplesThere? there = known;
        for (int tries = 0; ; tries++)
        {
            try
            {
                long life = await LifeAsync(cancellationToken);
                there ??= await SamplesThere.LookAsync(engine, source, options, holds, cancellationToken);
                StepMark to = await WriteStretchAsync(writers, there, from, holds, cancellationToken);
                if (engine.Flush is not { } proof || to.Moved == from.Moved)
                {
                    return to;
                }

                await proof.FlushAsync(cancellationToken);
                if (await proof.LifeAsync(cancellationToken) == life)
                {
                    return to;
                }

                report.Note($"{engine.Name} was started anew before it had proven what it took: some samples are moved again");
                there = null;
            }
            catch (IOException away) when (away is not TimeSeriesRefusedException && tries < options.Retries)
            {
                report.Note($"{away.Message} — trying again");
                await writers.ForgetAsync();
                there = null;
                await Task.Delay(pause, time, cancellationToken);
                pause *= 2;
            }
        }
    }

    private async Task<StepMark> WriteStretchAsync(Writers writers, SamplesThere there, StepMark from, (long FirstMs, long LastMs) holds, CancellationToken cancellationToken)
    {
        (long series, long? afterMs) = ReadPosition(from.Position);
        StepMark reached = from;
        SampleWriter writer = await writers.TakeAsync(cancellationToken);
        foreach (EmbeddedSeries each in source.Series.Where(each => each.Id >= series))
        {
            long fromMs = each.Id == series && afterMs is { } last ? last + 1 : holds.FirstMs;
            foreach (SampleColumns run in source.Read(each, fromMs, holds.LastMs))
            {
                writer.Lines.Add(each.Site, each.Series.Point, run, await there.FindAsync(each, run, cancellationToken));
                reached = new(Position(each.Id, run.TimesMs[^1]), reached.Moved + run.Count, Done: false);
                if (writer.Length >= options.RequestBytes)
                {
                    writers.Send(writer, cancellationToken);
                    report.Progress(reached.Moved);
                    writer = await writers.TakeAsync(cancellationToken);
                }

                if (reached.Moved - from.Moved >= options.StretchSamples)
                {
                    await writers.EndAsync(writer, cancellationToken);
                    RefuseDamage();
                    return reached;
                }
            }
        }

        await writers.EndAsync(writer, cancellationToken);
        RefuseDamage();
        return reached with { Done = true };
    }

    private void RefuseDamage()
    {
        if (!options.LeaveOutUnstorable && source.Damaged.FirstOrDefault() is { Key: { } place, Value: var why })
        {
            throw new InvalidDataException(
                $"the embedded telemetry is damaged in {source.Damaged.Count} places, the first: {place}: {why} — restore telemetry.db from a backup, or run the command with --leave-out-unstorable to move all the rest");
        }
    }

    /// <summary>Which run of the server takes what follows. Just started, it cannot be told from its predecessor for two seconds.</summary>
    private async Task<long> LifeAsync(CancellationToken cancellationToken)
    {
        if (engine.Flush is not { } proof)
        {
            return 0;
        }

        long life;
        while ((life = await proof.LifeAsync(cancellationToken)) == 0)
        {
            await Task.Delay(LifePause, time, cancellationToken);
        }

        return life;
    }

    private static string Position(long series, long timeMs) => string.Create(CultureInfo.InvariantCulture, $"[{series},{timeMs}]");

    private static (long Series, long? AfterMs) ReadPosition(string? position)
    {
        if (position is null)
        {
            return (long.MinValue, null);
        }

        long[] parts = JsonSerializer.Deserialize<long[]>(position)!;
        return (parts[0], parts[1]);
    }

    /// <summary>What one request is filled with.</summary>
    private sealed class SampleWriter(SampleDialect dialect) : IDisposable
    {
        private readonly InfluxLineWriter _buffer = new();
        private SampleLines? _lines;

        public SampleLines Lines => _lines ??= new(dialect, _buffer);

        public int Length => _buffer.Length;

        public void Dispose() => _buffer.Dispose();
    }

    /// <summary>Some writers that take turns: one is filled while the others are on their way.</summary>
    private sealed class Writers : IAsyncDisposable
    {
        private readonly ITimeSeriesEngine _engine;
        private readonly List<SampleWriter> _all = [];
        private readonly Channel<SampleWriter> _idle = Channel.CreateUnbounded<SampleWriter>();
        private readonly List<Task> _sent = [];

        public Writers(ITimeSeriesEngine engine, MigrationOptions options)
        {
            _engine = engine;
            for (int i = 0; i <= options.Requests; i++)
            {
                SampleWriter writer = new(engine.Dialect);
                _all.Add(writer);
                _idle.Writer.TryWrite(writer);
            }
        }

        /// <exception cref="IOException">A request that was sent before has failed.</exception>
        public async ValueTask<SampleWriter> TakeAsync(CancellationToken cancellationToken)
        {
            SampleWriter writer = await _idle.Reader.ReadAsync(cancellationToken);
            foreach (Task ended in _sent.Where(task => task.IsCompleted).ToArray())
            {
                await ended;
                _sent.Remove(ended);
            }

            return writer;
        }

        public void Send(SampleWriter writer, CancellationToken cancellationToken) => _sent.Add(Task.Run(() => WriteAsync(writer, cancellationToken), cancellationToken));

        /// <summary>Sends what is left and returns when the server has taken everything.</summary>
        public async Task EndAsync(SampleWriter writer, CancellationToken cancellationToken)
        {
            Send(writer, cancellationToken);
            await Task.WhenAll(_sent);
            _sent.Clear();
        }

        /// <summary>After a failure, which is on its way to the caller: waits for what is still under way, and takes all writers back empty.</summary>
        public async Task ForgetAsync()
        {
            await Task.WhenAll(_sent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _sent.Clear();
            while (_idle.Reader.TryRead(out _))
            {
            }

            foreach (SampleWriter writer in _all)
            {
                writer.Lines.Clear();
                _idle.Writer.TryWrite(writer);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await ForgetAsync();
            _all.ForEach(writer => writer.Dispose());
        }

        private async Task WriteAsync(SampleWriter writer, CancellationToken cancellationToken)
        {
            try
            {
                await LineChunks.WriteAsync(_engine, writer.Lines.Written, cancellationToken);
            }
            finally
            {
                writer.Lines.Clear();
                _idle.Writer.TryWrite(writer);
            }
        }
    }
}
