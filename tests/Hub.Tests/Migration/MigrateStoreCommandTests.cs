using Dapper;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Storage;
using IotProperty.Tests;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Tests.Migration;

/// <summary>What the command refuses, and what it says then.</summary>
public sealed class MigrateStoreCommandTests(EmbeddedEstate estate) : IClassFixture<EmbeddedEstate>, IDisposable
{
    private readonly DirectoryInfo _copy = estate.Copy();

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _copy.Delete(recursive: true);
    }

    [Fact]
    public async Task A_configuration_that_names_no_other_store_is_refused()
    {
        (int code, string said) = await RunAsync();
        Assert.Equal(ExitCode.BadUsage, code);
        Assert.Contains("there is nowhere to move to — name ledger.postgres", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_or_holds_no_hub_is_refused()
    {
        (int code, string said) = await RunAsync("--data", Path.Combine(_copy.FullName, "nowhere"));
        Assert.Equal(ExitCode.BadUsage, code);
        Assert.Contains("there is no such folder", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_copy.FullName, "nowhere")));

        string empty = Directory.CreateDirectory(Path.Combine(_copy.FullName, "empty")).FullName;
        (code, said) = await RunAsync("--data", empty, "--config", Configure());
        Assert.Equal(ExitCode.BadUsage, code);
        Assert.Contains("holds no embedded hub's data", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_on_which_a_hub_runs_is_refused()
    {
        Configure();
        using IDisposable hub = DataFolder.Open(_copy.FullName).Lock();
        (int code, string said) = await RunAsync();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("another hub runs on this data folder — stop it, so that nothing is written while its data is moved", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ledger.db", SqliteLedgerDatabase.SchemaFolder)]
    [InlineData("telemetry.db", SqliteTelemetryStore.SchemaFolder)]
    public async Task Files_of_an_older_program_are_refused_with_the_mend(string file, string schemaFolder)
    {
        int steps = SchemaFile.Embedded(schemaFolder).Count;
        Configure();
        Change(file, "DELETE FROM schema_version WHERE number = (SELECT max(number) FROM schema_version)");
        (int code, string said) = await RunAsync();
        Assert.Equal(ExitCode.BadUsage, code);
        Assert.Contains($"has {steps - 1} of {steps} steps", said, StringComparison.Ordinal);
        Assert.Contains("--upgrade-source", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_of_a_newer_program_are_refused()
    {
        Configure();
        Change("ledger.db", "INSERT INTO schema_version (number, name, checksum, applied_ms) VALUES (9999, '9999_future.sql', '00', 0)");
        (int code, string said) = await RunAsync();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("was written by a newer program (schema 9999", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_by_name()
    {
        Configure();
        File.Delete(Path.Combine(_copy.FullName, "ledger.db-wal"));
        await File.WriteAllTextAsync(Path.Combine(_copy.FullName, "ledger.db"), new string('x', 5000));
        (int code, string said) = await RunAsync();
        Assert.Equal(ExitCode.BadUsage, code);
        Assert.Contains("ledger.db: ", said, StringComparison.Ordinal);
        Assert.Contains("restore it from a backup", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_named()
    {
        Configure();
        (int code, string said) = await RunAsync();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("PostgreSQL iotp@127.0.0.1", said, StringComparison.Ordinal);
        Assert.Contains("hub.yaml", said, StringComparison.Ordinal);
    }

    /// <summary>A configuration whose servers are not there, for what is refused before they are asked.</summary>
    private string Configure()
    {
        string file = Path.Combine(_copy.FullName, "hub.yaml");
        File.WriteAllText(
            file,
            $$"""
            ledger: { postgres: { host: 127.0.0.1, port: {{FreePort.Next()}}, database: iotp, user: iotp } }
            telemetry: { influx: { url: "http://127.0.0.1:{{FreePort.Next()}}", database: iotp } }
            """);
        return file;
    }

    private void Change(string file, string sql)
    {
        using SqliteConnection connection = new($"Data Source={Path.Combine(_copy.FullName, file)};Pooling=false");
        connection.Open();
        connection.Execute(sql);
    }

    private async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        using StringWriter said = new();
        string[] data = arguments.Contains("--data") ? [] : ["--data", _copy.FullName];
        int code = await HubCommandLine.RunAsync(["migrate-store", .. data, .. arguments], said, said, TimeProvider.System);
        return (code, said.ToString());
    }
}
