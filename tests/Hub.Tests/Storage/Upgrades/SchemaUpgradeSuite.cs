using System.Collections;
using System.Data.Common;
using System.Globalization;
using System.Reflection;
using IotProperty.Hub.People;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Migration;
using IotProperty.Hub.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Tests.Storage.Upgrades;

/// <summary>
/// A database of every earlier version: the numbered files up to it, and rows of a hub that served a while in every table that it had. Upgraded in place by what the hub's
/// start does. A new numbered file is covered as it stands; a table that gets no rows from <see cref="EmbeddedEstate"/> is filled by the types of its columns.
/// </summary>
public abstract class SchemaUpgradeSuite(EmbeddedEstate estate) : IClassFixture<EmbeddedEstate>
{
    /// <summary>
    /// Columns whose values a later step changes on purpose, as <c>folder/step table.column</c>: the step's own number, so that earlier and later steps stay under watch.
    /// </summary>
    private static readonly HashSet<string> ChangedOnPurpose = [];

    protected EmbeddedEstate Estate => estate;

    /// <summary>Where the numbered files are embedded.</summary>
    protected abstract string Folder { get; }

    [ConformanceFact]
    public async Task Every_earlier_version_upgrades_in_place_with_its_rows_and_becomes_what_a_new_one_is()
    {
        IReadOnlyList<SchemaFile> files = SchemaFile.Embedded(Folder);
        Assert.True(files.Count > 1, $"{Folder} has no earlier version");
        IReadOnlyList<string> wanted;
        await using (IUpgradedDatabase fresh = await CreateAsync())
        {
            fresh.Apply(files);
            wanted = fresh.Describe();
        }

        for (int version = 1; version < files.Count; version++)
        {
            await using IUpgradedDatabase database = await CreateAsync();
            database.Apply([.. files.Take(version)]);
            await database.FillAsync();
            IReadOnlyDictionary<string, IReadOnlyList<string>> columns = database.Columns();
            Assert.True(columns.Count > 3, $"{Folder} had {columns.Count} tables in version {version}");
            Dictionary<string, string[]> before = columns.ToDictionary(table => table.Key, table => database.Rows(table.Key, table.Value));
            Assert.All(before, table => Assert.True(table.Value.Length > 0, $"version {version} of {Folder} has no row in {table.Key}: give it some in EmbeddedEstate"));

            await database.UpgradeAsync();
            foreach ((string table, IReadOnlyList<string> all) in columns)
            {
                string[] kept = [.. all.Where(column => !IsChanged(files, version, table, column))];
                Assert.True(
                    before[table].Length == database.Rows(table, kept).Length && (kept.Length < all.Count || before[table].SequenceEqual(database.Rows(table, kept))),
                    $"{Folder}: the rows of {table} in version {version} are others after the upgrade");
            }

            Assert.Equal(wanted, database.Describe());
            await database.ServesAsync();
        }
    }

    /// <summary>Every row of every table is read through the models that the program uses.</summary>
    protected static void ReadThroughModels(LedgerDatabase database, DbConnection connection)
    {
        using LedgerContext ledger = new(database.Options);
        using PeopleContext people = new(database.Configure(new DbContextOptionsBuilder<PeopleContext>()).Options);
        MethodInfo set = typeof(DbContext).GetMethod(nameof(DbContext.Set), Type.EmptyTypes)!;
        foreach (DbContext context in new DbContext[] { ledger, people })
        {
            foreach (var entity in context.Model.GetEntityTypes())
            {
                IEnumerable rows = (IEnumerable)set.MakeGenericMethod(entity.ClrType).Invoke(context, null)!;
                using DbCommand count = connection.CreateCommand();
                count.CommandText = $"SELECT count(*) FROM \"{entity.GetTableName()}\"";
                Assert.Equal(Convert.ToInt64(count.ExecuteScalar(), CultureInfo.InvariantCulture), rows.Cast<object>().LongCount());
            }
        }
    }

    /// <summary>A database with nothing in it.</summary>
    private protected abstract Task<IUpgradedDatabase> CreateAsync();

    private static bool IsChanged(IReadOnlyList<SchemaFile> files, int version, string table, string column) =>
        files.Skip(version).Any(step => ChangedOnPurpose.Contains($"{step.Name} {table}.{column}"));
}

/// <summary>One database that is brought from an earlier version to this program's.</summary>
internal interface IUpgradedDatabase : IAsyncDisposable
{
    /// <summary>Applies numbered files, as the program of that time did.</summary>
    void Apply(IReadOnlyList<SchemaFile> files);

    /// <summary>Puts rows into every table that there is.</summary>
    Task FillAsync();

    /// <summary>What the hub's start does.</summary>
    Task UpgradeAsync();

    /// <summary>The columns of each table, but for the table of versions itself.</summary>
    IReadOnlyDictionary<string, IReadOnlyList<string>> Columns();

    /// <summary>Each row of some columns as text, sorted.</summary>
    string[] Rows(string table, IReadOnlyList<string> columns);

    /// <summary>Columns, keys, indexes and constraints as lines, in an order of their own.</summary>
    IReadOnlyList<string> Describe();

    /// <summary>The program works with what was upgraded.</summary>
    Task ServesAsync();
}
