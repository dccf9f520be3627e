using System.Globalization;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Storage;

/// <summary>Cuts ordered queries into pages. A cursor names the last item of the page before, so pages neither skip nor repeat what was there all along.</summary>
internal static class Paging
{
    /// <summary>In order of id.</summary>
    public static async Task<Page<T>> ByIdAsync<T>(IQueryable<T> query, Expression<Func<T, string>> id, PageRequest page, CancellationToken cancellationToken)
    {
        if (page.Cursor is { Length: > 0 } cursor)
        {
            query = query.Where(After(id, cursor));
        }

        List<T> found = await query.OrderBy(id).Take(page.Size + 1).ToListAsync(cancellationToken);
        Func<T, string> idOf = id.Compile();
        return Cut(found, page.Size, idOf);
    }

    /// <summary>A query whose items the caller has already placed after the cursor and ordered.</summary>
    public static async Task<Page<T>> CutAsync<T>(IQueryable<T> ordered, PageRequest page, Func<T, string> cursorOf, CancellationToken cancellationToken) =>
        Cut(await ordered.Take(page.Size + 1).ToListAsync(cancellationToken), page.Size, cursorOf);

    /// <summary>Writes <c>MS.ID</c>.</summary>
    public static string Cursor(long timeMs, string id) => string.Create(CultureInfo.InvariantCulture, $"{timeMs}.{id}");

    /// <summary>Reads <c>MS.ID</c>; false for the first page and for what is no cursor.</summary>
    public static bool TryRead(PageRequest page, out long timeMs, out string id)
    {
        (timeMs, id) = (0, "");
        int dot = page.Cursor?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        if (dot <= 0 || !long.TryParse(page.Cursor.AsSpan(0, dot), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out timeMs))
        {
            return false;
        }

        id = page.Cursor![(dot + 1)..];
        return true;
    }

    private static Page<T> Cut<T>(List<T> found, int size, Func<T, string> cursorOf)
    {
        if (found.Count <= size)
        {
            return new Page<T>(found, null);
        }

        found.RemoveAt(size);
        return new Page<T>(found, cursorOf(found[^1]));
    }

    private static Expression<Func<T, bool>> After<T>(Expression<Func<T, string>> id, string cursor)
    {
        MethodCallExpression compare = Expression.Call(typeof(string), nameof(string.Compare), null, id.Body, Expression.Constant(cursor));
        return Expression.Lambda<Func<T, bool>>(Expression.GreaterThan(compare, Expression.Constant(0)), id.Parameters);
    }
}
