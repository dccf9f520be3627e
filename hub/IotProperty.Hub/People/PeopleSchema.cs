using IotProperty.Hub.Hosting;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.People;

/// <summary>Makes the people's tables.</summary>
internal static class PeopleSchema
{
    public static async Task ApplyAsync(DataFolder folder, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = new($"Data Source={folder.LedgerFile}");
        await connection.OpenAsync(cancellationToken);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL; SELECT count(*) FROM sqlite_master WHERE name = 'person'";
        if (command.ExecuteScalar() is 1L)
        {
            return;
        }

        using Stream sql = typeof(PeopleSchema).Assembly.GetManifestResourceStream("people.sql")!;
        using StreamReader reader = new(sql);
        command.CommandText = await reader.ReadToEndAsync(cancellationToken);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
