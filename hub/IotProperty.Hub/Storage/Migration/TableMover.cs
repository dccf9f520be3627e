using Npgsql;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>Moves one table in chunks: a binary COPY and the step's mark in one transaction each. Whatever breaks, the mark says truly what is there.</summary>
internal sealed class TableMover(NpgsqlDataSource target, MigrationMarks marks, MigrationOptions options, IMigrationReport report)
{
    public async Task MoveAsync(TableMove table, IRowSource source, CancellationToken cancellationToken)
    {
        StepMark mark = await marks.StepAsync(table.Part, table.Name, cancellationToken);
        report.Begin($"move {table.Name}", source.Count(), mark.Moved);
        if (!mark.Done)
        {
            List<object?[]> chunk = [];
            long weight = 0;
            foreach (object?[] row in source.Read(mark.Position is { } last ? TableMove.ReadPosition(last) : null))
            {
                chunk.Add(row);
                weight += Weight(row);
                if (chunk.Count >= options.ChunkRows || weight >= options.ChunkBytes)
                {
                    mark = await CommitAsync(table, chunk, mark, done: false, cancellationToken);
                    chunk.Clear();
                    weight = 0;
                }
            }

            mark = await CommitAsync(table, chunk, mark, done: true, cancellationToken);
        }

        report.End(mark.Moved);
    }

    private async Task<StepMark> CommitAsync(TableMove table, List<object?[]> rows, StepMark from, bool done, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await target.OpenConnectionAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (rows.Count > 0)
        {
            await using NpgsqlBinaryImporter copy = await connection.BeginBinaryImportAsync($"COPY {table.Target} ({table.TargetColumns}) FROM STDIN (FORMAT BINARY)", cancellationToken);
            copy.Timeout = options.CommandTimeout;
            foreach (object?[] row in rows)
            {
                await copy.StartRowAsync(cancellationToken);
                for (int i = 0; i < row.Length; i++)
                {
                    await table.Columns[i].WriteAsync(copy, row[i], cancellationToken);
                }
            }

            await copy.CompleteAsync(cancellationToken);
        }

        StepMark to = new(rows.Count > 0 ? table.Position(rows[^1]) : from.Position, from.Moved + rows.Count, done);
        await MigrationMarks.AdvanceAsync(connection, table.Part, table.Name, from, to, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        report.Progress(to.Moved);
        return to;
    }

    private static long Weight(object?[] row)
    {
        long bytes = 0;
        foreach (object? value in row)
        {
            bytes += value switch { string text => text.Length, byte[] blob => blob.Length, _ => 8 };
        }

        return bytes;
    }
}
