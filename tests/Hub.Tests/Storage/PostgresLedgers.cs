using System.Globalization;
using Dapper;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Storage;
using IotProperty.Tests;
using Npgsql;

namespace IotProperty.Hub.Tests.Storage;

/// <summary>Databases on the assembly's PostgreSQL. The schema is applied once; every test gets a copy.</summary>
public static class PostgresLedgers
{
    private const string Template = "iotp_template";

    // PostgreSQL copies a template only while nobody else does.
    private static readonly SemaphoreSlim Copying = new(1, 1);
    private static readonly Lazy<Task<PostgresServer>> Prepared = new(() => Task.Run(PrepareAsync));
    private static int _count;

    /// <summary>A database with the program's schema and nothing in it.</summary>
    public static async Task<PostgresSettings> CreateAsync()
    {
        PostgresServer server = await Prepared.Value;
        await Copying.WaitAsync();
        try
        {
            return await CreateAsync(server, Template);
        }
        finally
        {
            Copying.Release();
        }
    }

    /// <summary>A database with nothing in it, not even a schema.</summary>
    public static async Task<PostgresSettings> CreateEmptyAsync() => await CreateAsync(await PostgresServer.SharedAsync(), "template0");

    public static async Task DropAsync(PostgresSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        await using NpgsqlConnection connection = await OpenAsync(await PostgresServer.SharedAsync());
        await connection.ExecuteAsync($"DROP DATABASE {settings.Database} WITH (FORCE)");
    }

    private static async Task<PostgresServer> PrepareAsync()
    {
        PostgresServer server = await PostgresServer.SharedAsync();
        await using NpgsqlConnection connection = await OpenAsync(server);
        await connection.ExecuteAsync($"CREATE DATABASE {Template} TEMPLATE template0");
        await using PostgresLedgerDatabase database = new(Settings(server, Template), TimeProvider.System);
        database.Prepare();
        return server;
    }

    private static async Task<PostgresSettings> CreateAsync(PostgresServer server, string template)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"iotp_test_{Interlocked.Increment(ref _count)}");
        await using NpgsqlConnection connection = await OpenAsync(server);
        await connection.ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {template}");
        return Settings(server, name);
    }

    private static PostgresSettings Settings(PostgresServer server, string database) =>
        new() { Host = server.Host, Port = server.Port, Database = database, User = PostgresServer.User };

    private static async Task<NpgsqlConnection> OpenAsync(PostgresServer server)
    {
        NpgsqlConnection connection = new($"Host={server.Host};Port={server.Port};Database=postgres;Username={PostgresServer.User};Pooling=false");
        await connection.OpenAsync();
        return connection;
    }
}
