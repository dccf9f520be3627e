using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Edge.Control;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Enrolment;
using IotProperty.Protocols.AzureIotHub;
using IotProperty.Tracing;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Profiles;

/// <summary>A site as it lies on disk: the site file, the files that it names, and the profiles that ship beside the program.</summary>
public static class SiteFiles
{
    /// <summary>No configuration of a building comes near; a larger file is the wrong file.</summary>
    private const long MaxFileBytes = 4 * 1024 * 1024;

    /// <summary>Where the shipped profiles lie.</summary>
    public static string ShippedProfiles { get; } = Path.Combine(AppContext.BaseDirectory, "profiles");

    /// <summary>Reads and checks a site. A site file that cannot be opened is a mistake too; nothing is thrown for what lies on disk.</summary>
    public static SiteReadResult Read(string siteFile)
    {
        ArgumentException.ThrowIfNullOrEmpty(siteFile);
        ReferencedFile site = ReadFile(siteFile, siteFile);
        if (site.Source is null)
        {
            return new SiteReadResult(null, [new ConfigurationMistake(siteFile, 1, 1, site.Problem, "name an existing site file with --site")]);
        }

        SiteReferences references = SiteConfigurationReader.References(site.Source);
        string folder = Path.GetDirectoryName(Path.GetFullPath(siteFile))!;
        ImmutableArray<SourceText>.Builder shipped = ImmutableArray.CreateBuilder<SourceText>();
        ImmutableArray<SourceText>.Builder profiles = ImmutableArray.CreateBuilder<SourceText>();
        List<ConfigurationMistake> unreadable = [];
        AddProfiles(ShippedProfiles, shipped, unreadable);
        string profilesProblem = "";
        if (references.ProfilesFolder is { } own)
        {
            string path = Path.Combine(folder, own);
            if (Directory.Exists(path))
            {
                AddProfiles(path, profiles, unreadable);
            }
            else
            {
                profilesProblem = $"there is no folder {path}";
            }
        }

        SiteReadResult result = SiteConfigurationReader.Read(new SiteSources
        {
            Site = site.Source,
            Profiles = profiles.ToImmutable(),
            ShippedProfiles = shipped.ToImmutable(),
            ProfilesProblem = profilesProblem,
            Credentials = references.CredentialsFile is { } credentials ? ReadFile(Path.Combine(folder, credentials), credentials) : null,
            PasswordProblem = references.PasswordFile is { } password ? PasswordProblem(Path.Combine(folder, password), password) : "",
            ConnectionStringProblem = references.ConnectionStringFile is { } connection ? ConnectionStringProblem(Path.Combine(folder, connection), connection) : "",
            RootsProblem = references.RootsFile is { } roots ? RootsProblem(Path.Combine(folder, roots), roots) : "",
            CommandAuthorityProblem = references.CommandAuthorityFile is { } authority ? RootsProblem(Path.Combine(folder, authority), authority) : "",
            TracingHeadersProblem = references.TracingHeadersFile is { } headers ? HeadersProblem(Path.Combine(folder, headers), headers) : "",
            Identity = references.IdentityFolder is { } identity ? ReadIdentity(Path.Combine(folder, identity)) : null,
            Items = ItemDictionary.Standard,
            FindTimeZone = FindTimeZone,
        });
        return unreadable.Count == 0 ? result : new SiteReadResult(null, [.. result.Mistakes, .. unreadable]);
    }

    /// <summary>With what the uplink shows itself, as the site says: its identity, or the first line of its password file. <see cref="Read"/> has found them readable.</summary>
    /// <exception cref="InvalidDataException">They are no longer, with the mend.</exception>
    public static UplinkSecrets ReadUplinkSecrets(string siteFile, SiteConfiguration site, TimeProvider time, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(site);
        ArgumentNullException.ThrowIfNull(loggers);
        string folder = Path.GetDirectoryName(Path.GetFullPath(siteFile))!;
        X509Certificate2Collection? roots = null;
        if (site.Uplink.RootsFile is { } file)
        {
            roots = [];
            roots.ImportFromPemFile(Path.Combine(folder, file));
        }

        if (site.Uplink is not MqttUplinkConfiguration { IdentityFolder: { } identity })
        {
            return new UplinkSecrets(FirstLine(File.ReadAllText(Path.Combine(folder, site.Uplink.SecretFile)))) { Roots = roots };
        }

        Random jitter = new(RandomNumberGenerator.GetInt32(int.MaxValue));
        IdentityKeeper keeper = new(new IdentityFolder(Path.Combine(folder, identity)), roots, new EnrolmentClient(time), time, jitter, loggers.CreateLogger<IdentityKeeper>());
        return new UplinkSecrets("", keeper) { Roots = roots };
    }

    /// <summary>By what the hub's commands are known, and the passwords of the meters that they switch. <see cref="Read"/> has found the authority's file readable.</summary>
    public static CommandTrust ReadCommandTrust(string siteFile, SiteConfiguration site, UplinkSecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(site);
        ArgumentNullException.ThrowIfNull(secrets);
        if (site.Commands is not { } commands)
        {
            return CommandTrust.Nobody;
        }

        return new CommandTrust(Authority(), name => (ReadSecret(siteFile, name, out string problem), problem));

        Func<IEnumerable<X509Certificate2>> Authority()
        {
            if (commands.AuthorityFile is not { } file)
            {
                return () => secrets.Identity?.Identity.Authority ?? [];
            }

            X509Certificate2Collection authority = [];
            authority.ImportFromPemFile(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(siteFile))!, file));
            return () => authority;
        }
    }

    /// <summary>Where the traces go, with what is shown there; null where the site makes none. <see cref="Read"/> has found the headers readable.</summary>
    /// <exception cref="InvalidDataException">They are no longer.</exception>
    internal static TraceTarget? ReadTraceTarget(string siteFile, SiteConfiguration site)
    {
        if (site.Tracing is not { } tracing)
        {
            return null;
        }

        IReadOnlyList<KeyValuePair<string, string>>? headers = [];
        if (tracing.HeadersFile is { } file && !OtlpHeaders.TryParse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(siteFile))!, file)), out headers, out string why))
        {
            throw new InvalidDataException($"in {file} {why}");
        }

        return new TraceTarget(tracing.Endpoint, tracing.Ratio, headers);
    }

    /// <summary>The first line of a file that the site names, such as a meter's password; null, and why, when there is none.</summary>
    public static string? ReadSecret(string siteFile, string name, out string problem)
    {
        ArgumentException.ThrowIfNullOrEmpty(siteFile);
        ArgumentException.ThrowIfNullOrEmpty(name);
        string path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(siteFile))!, name);
        problem = PasswordProblem(path, name);
        return problem.Length > 0 ? null : FirstLine(File.ReadAllText(path));
    }

    private static void AddProfiles(string folder, ImmutableArray<SourceText>.Builder profiles, List<ConfigurationMistake> unreadable)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (string path in Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal))
        {
            ReferencedFile file = ReadFile(path, path);
            if (file.Source is { } source)
            {
                profiles.Add(source);
            }
            else
            {
                unreadable.Add(new ConfigurationMistake(path, 1, 1, file.Problem, "make it readable, or take it out of the folder"));
            }
        }
    }

    private static ReferencedIdentity ReadIdentity(string path)
    {
        try
        {
            return new ReferencedIdentity(new IdentityFolder(path).Read().Site, "");
        }
        catch (InvalidDataException wrong)
        {
            return new ReferencedIdentity("", wrong.Message);
        }
    }

    private static string PasswordProblem(string path, string name)
    {
        ReferencedFile file = ReadFile(path, name);
        return file.Source is null ? file.Problem
            : FirstLine(file.Source.Text).Length == 0 ? $"{name} is empty"
            : "";
    }

    private static string HeadersProblem(string path, string name)
    {
        ReferencedFile file = ReadFile(path, name);
        return file.Source is null ? file.Problem
            : OtlpHeaders.TryParse(file.Source.Text, out _, out string why) ? ""
            : $"in {name} {why}";
    }

    private static string ConnectionStringProblem(string path, string name)
    {
        ReferencedFile file = ReadFile(path, name);
        return file.Source is null ? file.Problem
            : AzureDeviceIdentity.TryParse(FirstLine(file.Source.Text), out _, out string why) ? ""
            : $"the connection string in {name} {why}";
    }

    private static string RootsProblem(string path, string name)
    {
        ReferencedFile file = ReadFile(path, name);
        if (file.Source is null)
        {
            return file.Problem;
        }

        X509Certificate2Collection roots = [];
        try
        {
            roots.ImportFromPem(file.Source.Text);
            return roots.Count > 0 ? "" : $"{name} holds no certificate";
        }
        catch (CryptographicException broken)
        {
            return $"{name} holds a certificate that cannot be read: {broken.Message}";
        }
    }

    private static string FirstLine(string text) => text.AsSpan().TrimStart('\uFEFF').ToString().Split('\n', 2)[0].Trim();

    private static ReferencedFile ReadFile(string path, string name)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
            {
                return ReferencedFile.Failed($"{name} does not exist");
            }

            if (file.Length > MaxFileBytes)
            {
                return ReferencedFile.Failed($"{name} has {file.Length} bytes, more than {MaxFileBytes}");
            }

            return ReferencedFile.Read(new SourceText(name, File.ReadAllText(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ReferencedFile.Failed($"{name} cannot be read: {e.Message}");
        }
    }

    private static TimeZoneInfo? FindTimeZone(string id) => TimeZoneInfo.TryFindSystemTimeZoneById(id, out TimeZoneInfo? zone) ? zone : null;
}
