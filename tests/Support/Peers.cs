namespace IotProperty.Tests;

/// <summary>Programs of the distribution that tests use as real peers.</summary>
public static class Peers
{
    /// <summary>Under CI a missing peer is a failure, not a skip: the test runs and says what it could not start.</summary>
    public static bool Required => string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    // Debian keeps the server's programs of each PostgreSQL version in a folder of their own.
    private const string PostgresFolder = "/usr/lib/postgresql";

    /// <summary>The full path of a program on PATH (the sbin folders and the newest PostgreSQL included), or null.</summary>
    public static string? Find(string program)
    {
        string path = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin:/usr/local/sbin";
        IEnumerable<string> postgres = Directory.Exists(PostgresFolder)
            ? Directory.GetDirectories(PostgresFolder).OrderByDescending(folder => folder.Length).ThenByDescending(folder => folder, StringComparer.Ordinal)
            : [];
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(postgres.Select(version => Path.Combine(version, "bin")))
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>The full path of a program that the test cannot do without.</summary>
    public static string Require(string program) =>
        Find(program) ?? throw new InvalidOperationException($"{program} is not installed; tests/run.sh installs it");
}
