using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Registry;

/// <summary>Sites come into being when their edge first speaks or is let in. Lives inside one write.</summary>
internal static class SiteBook
{
    /// <summary>Makes the site if it is not there, named by its id until its edge declares a name and a zone.</summary>
    public static Task EnsureAsync(LedgerChange change, string site) => change.ExecuteAsync(
        "INSERT INTO site (id, name_en, name_zh_cn, time_zone) VALUES (@site, @site, @site, 'UTC') ON CONFLICT DO NOTHING", new { site });
}
