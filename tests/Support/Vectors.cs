using System.Text.Json;

namespace IotProperty.Tests;

/// <summary>The byte-exact frames from outside, read where they lie (<c>../shared/vectors</c> beside the repository) and never copied.</summary>
public static class Vectors
{
    /// <summary>The folder of the vectors, or null where the repository stands alone.</summary>
    public static string? Folder { get; } = FindFolder();

    public static JsonElement Load(string protocol)
    {
        string folder = Folder ?? throw new InvalidOperationException("the vectors are not beside this repository");
        using FileStream file = File.OpenRead(Path.Combine(folder, protocol + ".json"));
        using JsonDocument document = JsonDocument.Parse(file);
        return document.RootElement.GetProperty("vectors").Clone();
    }

    private static string? FindFolder()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "IotProperty.sln")))
            {
                string folder = Path.GetFullPath(Path.Combine(at.FullName, "..", "shared", "vectors"));
                return Directory.Exists(folder) ? folder : null;
            }
        }

        return null;
    }
}

/// <summary>A test over the outside vectors; skipped with a reason where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class VectorFactAttribute : FactAttribute
{
    public VectorFactAttribute()
    {
        if (Vectors.Folder is null)
        {
            Skip = "../shared/vectors is not beside this repository";
        }
    }
}

/// <summary>A theory over the outside vectors; skipped with a reason where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class VectorTheoryAttribute : TheoryAttribute
{
    public VectorTheoryAttribute()
    {
        if (Vectors.Folder is null)
        {
            Skip = "../shared/vectors is not beside this repository";
        }
    }
}
