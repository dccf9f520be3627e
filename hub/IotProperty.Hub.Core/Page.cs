namespace IotProperty.Hub;

/// <summary>Which part of a list is wanted.</summary>
/// <param name="Cursor">The <see cref="Page{T}.Next"/> of the page before; null for the first page. A cursor that cannot be read starts anew.</param>
/// <param name="Limit">At most so many items, 1 to <see cref="MaxLimit"/>; values outside are brought inside.</param>
public readonly record struct PageRequest(string? Cursor = null, int Limit = PageRequest.DefaultLimit)
{
    public const int DefaultLimit = 100;
    public const int MaxLimit = 1000;

    /// <summary>The first page at its usual length.</summary>
    public static PageRequest First { get; } = new(null, DefaultLimit);

    /// <summary><see cref="Limit"/> within its bounds.</summary>
    public int Size => Math.Clamp(Limit == 0 ? DefaultLimit : Limit, 1, MaxLimit);
}

/// <param name="Items">In the list's own order.</param>
/// <param name="Next">The cursor of the next page; null when this is the last one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
