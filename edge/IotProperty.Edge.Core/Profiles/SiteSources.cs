using System.Collections.Immutable;

namespace IotProperty.Edge.Profiles;

/// <summary>A file that the site file names, or why the shell could not read it.</summary>
/// <param name="Source">Null when it could not be read.</param>
/// <param name="Problem">For people; empty when it could.</param>
public sealed record ReferencedFile(SourceText? Source, string Problem)
{
    public static ReferencedFile Read(SourceText source) => new(source, "");

    public static ReferencedFile Failed(string problem) => new(null, problem);
}

/// <summary>Which other files a site file names, as written there. Null where it names none.</summary>
public sealed record SiteReferences(
    string? ProfilesFolder, string? CredentialsFile, string? PasswordFile, string? ConnectionStringFile, string? RootsFile, string? IdentityFolder,
    string? CommandAuthorityFile, string? TracingHeadersFile);

/// <summary>What the shell found in the folder with the edge's certificate.</summary>
/// <param name="Site">For which site it is; empty when it cannot be used.</param>
/// <param name="Problem">Why not, with the mend; empty when it can.</param>
public sealed record ReferencedIdentity(string Site, string Problem);

/// <summary>All texts that make up one site.</summary>
public sealed record SiteSources
{
    public required SourceText Site { get; init; }

    /// <summary>The profiles of the site's own folder; all of them are checked.</summary>
    public required ImmutableArray<SourceText> Profiles { get; init; }

    /// <summary>The profiles that ship with the program; only those that a device names are read, since there are many and a start shall be quick.</summary>
    public ImmutableArray<SourceText> ShippedProfiles { get; init; } = [];

    /// <summary>Why the site's own profile folder could not be read; empty when it could or none is named.</summary>
    public string ProfilesProblem { get; init; } = "";

    /// <summary>The credential list, when the site names one.</summary>
    public ReferencedFile? Credentials { get; init; }

    /// <summary>Why the uplink's password file cannot be used; empty when it can. Its content stays out of here.</summary>
    public string PasswordProblem { get; init; } = "";

    /// <summary>Why the uplink's connection string cannot be used; empty when it can. Its content stays out of here.</summary>
    public string ConnectionStringProblem { get; init; } = "";

    /// <summary>Why the uplink's trusted certificates cannot be used; empty when they can.</summary>
    public string RootsProblem { get; init; } = "";

    /// <summary>Why the certificates by which the hub's commands are known cannot be used; empty when they can.</summary>
    public string CommandAuthorityProblem { get; init; } = "";

    /// <summary>Why the headers for the collector of traces cannot be used; empty when they can. They stay out of here.</summary>
    public string TracingHeadersProblem { get; init; } = "";

    /// <summary>The edge's certificate, when the site names its folder.</summary>
    public ReferencedIdentity? Identity { get; init; }

    /// <summary>Knows the data items that profiles name.</summary>
    public required IItemDictionary Items { get; init; }

    /// <summary>Finds a time zone by its IANA name; null when there is none.</summary>
    public required Func<string, TimeZoneInfo?> FindTimeZone { get; init; }
}

/// <param name="Site">Null when there is any mistake.</param>
/// <param name="Mistakes">In order of file (the site file first), line and column.</param>
public sealed record SiteReadResult(SiteConfiguration? Site, ImmutableArray<ConfigurationMistake> Mistakes);
