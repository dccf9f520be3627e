using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace IotProperty.Hub.Pages;

/// <summary>
/// Styles, scripts and pictures: the folder <c>wwwroot</c>, carried inside the program so that it works from wherever it is started. The address
/// of a file holds its hash, so a browser may keep it for ever.
/// </summary>
public static class PageFiles
{
    private const string Root = "wwwroot/";

    private static readonly FrozenDictionary<string, Asset> Files = Load();

    /// <summary>The address of a file of <c>wwwroot</c>.</summary>
    public static string Url(string path) => $"/assets/{path}?v={Files[path].Hash}";

    internal static void MapPageFiles(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/assets/{**path}", (string path, HttpContext context) =>
        {
            if (!Files.TryGetValue(path, out Asset? asset))
            {
                return Results.NotFound();
            }

            context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
            return Results.Bytes(asset.Content, asset.ContentType, entityTag: new EntityTagHeaderValue($"\"{asset.Hash}\""));
        }).AllowAnonymous().ExcludeFromDescription();

    private static FrozenDictionary<string, Asset> Load()
    {
        Assembly program = typeof(PageFiles).Assembly;
        Dictionary<string, Asset> files = [];
        foreach (string name in program.GetManifestResourceNames().Where(name => name.StartsWith(Root, StringComparison.Ordinal)))
        {
            using Stream stream = program.GetManifestResourceStream(name)!;
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            string path = name[Root.Length..].Replace('\\', '/');
            files[path] = new Asset(content, ContentTypeOf(path), Convert.ToHexStringLower(SHA256.HashData(content))[..12]);
        }

        return files.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string ContentTypeOf(string path) => Path.GetExtension(path) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"{path}: no content type is known for {other}"),
    };

    private sealed record Asset(byte[] Content, string ContentType, string Hash);
}
