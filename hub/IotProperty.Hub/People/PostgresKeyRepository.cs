using System.Data.Common;
using System.Xml.Linq;
using Dapper;
using IotProperty.Hub.Storage;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace IotProperty.Hub.People;

/// <summary>Keeps the keys of login cookies and form tokens in PostgreSQL, so that who is logged in at one hub is logged in at all. Safe on any task.</summary>
internal sealed class PostgresKeyRepository(PostgresLedgerDatabase database) : IXmlRepository
{
    private static readonly TimeSpan KeyLife = TimeSpan.FromDays(90);

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using DbConnection connection = database.Source.OpenConnection();
        return [.. connection.Query<string>("SELECT xml FROM protection_key ORDER BY id").Select(XElement.Parse)];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using DbConnection connection = database.Source.OpenConnection();
        connection.Execute(
            "INSERT INTO protection_key (id, xml) VALUES (@Id, @Xml) ON CONFLICT (id) DO UPDATE SET xml = excluded.xml",
            new { Id = friendlyName, Xml = element.ToString(SaveOptions.DisableFormatting) });
    }

    /// <summary>Makes the first key, once, before any hub needs one: two that each made their own would not know each other's for a while.</summary>
    public static void EnsureKey(PostgresLedgerDatabase database, IKeyManager keys, TimeProvider time)
    {
        using DbConnection connection = database.Source.OpenConnection();
        using DbTransaction transaction = connection.BeginTransaction();
        connection.Execute("SELECT pg_advisory_xact_lock(@Key)", new { Key = PostgresLock.Key("protection-key") }, transaction);
        if (keys.GetAllKeys().Count == 0)
        {
            DateTimeOffset now = time.GetUtcNow();
            keys.CreateNewKey(now, now + KeyLife);
        }

        transaction.Commit();
    }
}
