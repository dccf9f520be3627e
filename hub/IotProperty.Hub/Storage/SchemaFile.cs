using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Hub.Storage;

/// <summary>
/// One step of a database's schema: <c>NNNN_name.sql</c>, embedded in the program. A file that was released is never edited: the next step goes into the next file.
/// </summary>
/// <param name="Number">1, 2, 3 … without holes.</param>
/// <param name="Name">The file's name.</param>
/// <param name="Sql">Its text.</param>
public sealed record SchemaFile(int Number, string Name, string Sql)
{
    /// <summary>Over the text, in hexadecimal.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <summary>The embedded files of a folder, such as <c>Schema/Sqlite</c>, in order of number.</summary>
    public static IReadOnlyList<SchemaFile> Embedded(string folder)
    {
        Assembly assembly = typeof(SchemaFile).Assembly;
        SchemaFile[] files = [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(folder + "/", StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => Read(assembly, name))
            .OrderBy(file => file.Number)];
        for (int i = 0; i < files.Length; i++)
        {
            if (files[i].Number != i + 1)
            {
                throw new InvalidOperationException($"{folder}: the schema files must be numbered 1, 2, 3 … without holes; {files[i].Name} stands where {i + 1:D4} belongs");
            }
        }

        return files.Length > 0 ? files : throw new InvalidOperationException($"{folder}: no schema files are embedded in this program");
    }

    private static SchemaFile Read(Assembly assembly, string resource)
    {
        using Stream stream = assembly.GetManifestResourceStream(resource)!;
        using StreamReader reader = new(stream, Encoding.UTF8);
        string name = resource[(resource.LastIndexOf('/') + 1)..];
        return new SchemaFile(int.Parse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture), name, reader.ReadToEnd());
    }
}
