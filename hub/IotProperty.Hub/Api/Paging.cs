namespace IotProperty.Hub.Api;

/// <summary>The query of every list: <c>cursor</c> (the <c>next</c> of the page before) and <c>limit</c> (1 to 1000, 100 when left out).</summary>
internal sealed record Paging(string? Cursor, int? Limit)
{
    public PageRequest Request => new(Cursor, Limit ?? PageRequest.DefaultLimit);
}
