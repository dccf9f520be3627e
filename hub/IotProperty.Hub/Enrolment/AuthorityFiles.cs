using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Enrolment;

namespace IotProperty.Hub.Enrolment;

/// <summary>The authority as it lies on disk: two PEM files.</summary>
internal static class AuthorityFiles
{
    private const string CertificateName = "authority.pem";
    private const string KeyName = "authority.key";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>The files' names in a folder that <see cref="Create"/> made.</summary>
    public static AuthoritySettings In(string folder) => new() { CertificateFile = Path.Combine(folder, CertificateName), KeyFile = Path.Combine(folder, KeyName) };

    public static bool AreIn(string folder) => File.Exists(Path.Combine(folder, CertificateName));

    /// <summary>Makes a new authority in a folder that is not there yet. Whole or not at all; of two who do it at once, one wins and both use it.</summary>
    /// <exception cref="IOException">The folder is there already, and holds something else.</exception>
    public static void Create(string folder, DateTimeOffset now)
    {
        string parent = Path.GetDirectoryName(Path.GetFullPath(folder))!;
        string made = Path.Combine(parent, $".authority-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        MakeFolder(made);
        try
        {
            using var authority = CertificateAuthority.Create(now);
            AuthoritySettings files = In(made);
            PrivateFile.Write(files.KeyFile, authority.KeyPem());
            PrivateFile.Write(files.CertificateFile, authority.ChainPem());
            Directory.Move(made, folder);
        }
        catch
        {
            Directory.Delete(made, recursive: true);
            if (!AreIn(folder))
            {
                throw;
            }
        }
    }

    /// <summary>Reads and checks an authority.</summary>
    /// <exception cref="InvalidDataException">With the file and the mend.</exception>
    public static CertificateAuthority Read(AuthoritySettings files, DateTimeOffset now)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(files.KeyFile) && (File.GetUnixFileMode(files.KeyFile) & Others) != 0)
        {
            throw Wrong(files.KeyFile, "others than its owner may read or write it", $"chmod 600 {files.KeyFile}; whoever has read it can make certificates");
        }

        X509Certificate2? issuer = null;
        try
        {
            X509Certificate2Collection chain = [];
            chain.ImportFromPemFile(files.CertificateFile);
            using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(files.CertificateFile, files.KeyFile);
            issuer = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pfx), null);
            Check(files.CertificateFile, issuer, chain, now);
            return new CertificateAuthority(issuer, [.. chain.Skip(1)]);
        }
        catch (Exception wrong) when (wrong is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            issuer?.Dispose();
            throw Wrong(files.CertificateFile, $"with the key {files.KeyFile} cannot be used: {wrong.Message}", "both must be readable PEM files that belong together");
        }
        catch (InvalidDataException)
        {
            issuer?.Dispose();
            throw;
        }
    }

    private static void Check(string file, X509Certificate2 issuer, X509Certificate2Collection chain, DateTimeOffset now)
    {
        if (issuer.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
        {
            throw Wrong(file, "its first certificate is none of an authority", "name one with the basic constraint CA:TRUE");
        }

        if (issuer.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage
            && (usage.KeyUsages & (X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign)) != (X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign))
        {
            throw Wrong(file, "its key may not sign certificates and revocation lists", "name an authority with the key usages keyCertSign and cRLSign");
        }

        if (issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is null)
        {
            throw Wrong(file, "its first certificate has no subject key identifier", "name an authority that has one (RFC 5280 section 4.2.1.2)");
        }

        using X509Chain upwards = new();
        upwards.ChainPolicy = AuthorityPath.Policy(chain, now);
        if (!upwards.Build(issuer))
        {
            throw Wrong(
                file,
                $"its first certificate cannot be followed up to a root: {string.Join(", ", upwards.ChainStatus.Select(s => s.StatusInformation.Trim()))}",
                "put the certificates above it into the same file, up to the root, and let none of them be over");
        }
    }

    private static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerFolder);
        }
    }

    private static InvalidDataException Wrong(string file, string what, string mend) => new($"{file}: {what} — {mend}");
}
