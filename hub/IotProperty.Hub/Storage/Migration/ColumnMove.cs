using System.Data.Common;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>What a column holds, whichever database holds it.</summary>
internal enum ColumnKind
{
    Text,

    /// <summary>A whole number of up to 64 bits.</summary>
    Whole,

    /// <summary>0 and 1 in SQLite.</summary>
    Flag,

    /// <summary>A double, every bit of it; SQLite keeps NaN as NULL.</summary>
    Real,

    /// <summary>yyyy-MM-dd in SQLite.</summary>
    Day,

    /// <summary>Text with an offset and up to 7 decimals of a second in SQLite. Microseconds UTC in PostgreSQL, and so compared.</summary>
    Instant,

    Bytes,

    /// <summary>A sum modulo 2^64: the text "low:high" of its <see cref="HashHalves"/> from SQLite, numeric in PostgreSQL.</summary>
    Digest,
}

/// <summary>
/// One column on its way. Both databases' values become the same canonical ones: string, long, bool, double, <see cref="DateOnly"/>, <see cref="DateTime"/> (UTC, whole
/// microseconds), byte array, ulong, or null.
/// </summary>
/// <param name="Name">In PostgreSQL.</param>
/// <param name="Source">An expression over the SQLite table's columns.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Type">PostgreSQL's.</param>
internal sealed record ColumnMove(string Name, string Source, ColumnKind Kind, NpgsqlDbType Type)
{
    /// <summary>The kind of a column of PostgreSQL by the name of its type, as <c>format_type</c> gives it.</summary>
    public static (ColumnKind Kind, NpgsqlDbType Type) KindOf(string type) => type switch
    {
        "text" or ['c', 'h', 'a', 'r', 'a', 'c', 't', 'e', 'r', ' ', 'v', ..] => (ColumnKind.Text, NpgsqlDbType.Text),
        "smallint" => (ColumnKind.Whole, NpgsqlDbType.Smallint),
        "integer" => (ColumnKind.Whole, NpgsqlDbType.Integer),
        "bigint" => (ColumnKind.Whole, NpgsqlDbType.Bigint),
        "boolean" => (ColumnKind.Flag, NpgsqlDbType.Boolean),
        "double precision" => (ColumnKind.Real, NpgsqlDbType.Double),
        "date" => (ColumnKind.Day, NpgsqlDbType.Date),
        "timestamp with time zone" => (ColumnKind.Instant, NpgsqlDbType.TimestampTz),
        "bytea" => (ColumnKind.Bytes, NpgsqlDbType.Bytea),
        "numeric(20,0)" => (ColumnKind.Digest, NpgsqlDbType.Numeric),
        _ => throw new InvalidOperationException($"this program does not know how to move a column of type {type}"),
    };

    /// <summary>The canonical value of what SQLite holds.</summary>
    /// <exception cref="FormatException">It holds what the column cannot mean.</exception>
    public object? FromSqlite(DbDataReader row, int column)
    {
        if (row.IsDBNull(column))
        {
            return null;
        }

        return Kind switch
        {
            ColumnKind.Text => Storable(row.GetString(column)),
            ColumnKind.Whole => Ranged(row.GetInt64(column)),
            ColumnKind.Flag => row.GetInt64(column) switch { 0 => false, 1 => true, var other => throw new FormatException($"{other} is neither 0 nor 1") },
            ColumnKind.Real => row.GetDouble(column),
            ColumnKind.Day => DateOnly.ParseExact(row.GetString(column), "yyyy-MM-dd", CultureInfo.InvariantCulture),
            ColumnKind.Instant => Microseconds(DateTimeOffset.Parse(row.GetString(column), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).UtcDateTime),
            ColumnKind.Bytes => row.GetFieldValue<byte[]>(column),
            ColumnKind.Digest => Joined(row.GetString(column)),
            _ => throw new InvalidOperationException($"a kind of column that is not known: {Kind}"),
        };
    }

    /// <summary>The canonical value of what PostgreSQL holds.</summary>
    public object? FromPostgres(DbDataReader row, int column)
    {
        if (row.IsDBNull(column))
        {
            return null;
        }

        return Kind switch
        {
            ColumnKind.Text => row.GetString(column),
            ColumnKind.Whole when Type == NpgsqlDbType.Smallint => (long)row.GetInt16(column),
            ColumnKind.Whole when Type == NpgsqlDbType.Integer => (long)row.GetInt32(column),
            ColumnKind.Whole => row.GetInt64(column),
            ColumnKind.Flag => row.GetBoolean(column),
            ColumnKind.Real => row.GetDouble(column),
            ColumnKind.Day => row.GetFieldValue<DateOnly>(column),
            ColumnKind.Instant => Microseconds(row.GetDateTime(column)),
            ColumnKind.Bytes => row.GetFieldValue<byte[]>(column),
            ColumnKind.Digest => (ulong)row.GetDecimal(column),
            _ => throw new InvalidOperationException($"a kind of column that is not known: {Kind}"),
        };
    }

    /// <summary>A canonical value into a binary COPY.</summary>
    public Task WriteAsync(NpgsqlBinaryImporter copy, object? value, CancellationToken cancellationToken) => value switch
    {
        null => copy.WriteNullAsync(cancellationToken),
        long whole when Type == NpgsqlDbType.Smallint => copy.WriteAsync((short)whole, Type, cancellationToken),
        long whole when Type == NpgsqlDbType.Integer => copy.WriteAsync((int)whole, Type, cancellationToken),
        long whole => copy.WriteAsync(whole, Type, cancellationToken),
        bool flag => copy.WriteAsync(flag, Type, cancellationToken),
        double real => copy.WriteAsync(real, Type, cancellationToken),
        ulong digest => copy.WriteAsync((decimal)digest, Type, cancellationToken),
        DateOnly day => copy.WriteAsync(day, Type, cancellationToken),
        DateTime instant => copy.WriteAsync(instant, Type, cancellationToken),
        byte[] bytes => copy.WriteAsync(bytes, Type, cancellationToken),
        string text => copy.WriteAsync(text, Type, cancellationToken),
        _ => throw new InvalidOperationException($"{value.GetType()} is no canonical value"),
    };

    private static string Storable(string text) => text.Contains('\0', StringComparison.Ordinal)
        ? throw new FormatException("the text holds a NUL character, which PostgreSQL cannot keep")
        : text;

    private long Ranged(long whole) => Type switch
    {
        NpgsqlDbType.Smallint when whole is < short.MinValue or > short.MaxValue => throw new FormatException($"{whole} does not fit into 16 bits"),
        NpgsqlDbType.Integer when whole is < int.MinValue or > int.MaxValue => throw new FormatException($"{whole} does not fit into 32 bits"),
        _ => whole,
    };

    private static DateTime Microseconds(DateTime instant) => new(instant.Ticks - (instant.Ticks % TimeSpan.TicksPerMicrosecond), DateTimeKind.Utc);

    private static ulong Joined(string halves)
    {
        int colon = halves.IndexOf(':', StringComparison.Ordinal);
        return HashHalves.Join(
            long.Parse(halves.AsSpan(0, colon), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            long.Parse(halves.AsSpan(colon + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }
}
