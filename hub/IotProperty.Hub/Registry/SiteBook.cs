using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Registry;

/// <summary>Sites come into being when their edge is let in or first speaks.</summary>
internal static class SiteBook
{
    /// <summary>Makes the site if it is not there, named by its id until its edge declares a name and a zone. Part of the caller's transaction.</summary>
    /// <param name="ledger">Any model on the ledger's database.</param>
    public static Task EnsureAsync(DbContext ledger, string site, CancellationToken cancellationToken) => ledger.Database.ExecuteSqlAsync(
        $"INSERT INTO site (id, name_en, name_zh_cn, time_zone) VALUES ({site}, {site}, {site}, 'UTC') ON CONFLICT DO NOTHING", cancellationToken);
}
