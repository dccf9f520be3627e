using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Enrolment;

namespace IotProperty.Edge.Enrolment;

/// <summary>
/// The folder that holds an edge's identity: <c>identity.pem</c> with the private key, the certificate and its authority in one file, so that they are replaced together or not at
/// all, and <c>enrolment.json</c> that says where it came from. Only the owner may read them. A key that waits for its certificate lies in <c>pending.key</c>.
/// </summary>
public sealed class IdentityFolder(string path)
{
    private const string IdentityName = "identity.pem";
    private const string OriginName = "enrolment.json";
    private const string PendingName = "pending.key";

    public string Path => path;

    public bool Exists => File.Exists(At(IdentityName));

    /// <summary>Reads and checks it.</summary>
    /// <exception cref="InvalidDataException">With the file and the mend.</exception>
    public EdgeIdentity Read()
    {
        if (!Exists)
        {
            throw new InvalidDataException($"there is no {At(IdentityName)} — enrol first: iotp-edge enroll --hub https://HUB --code CODE --out {path}");
        }

        try
        {
            string pem = File.ReadAllText(At(IdentityName));
            var certificate = X509Certificate2.CreateFromPem(pem, pem);
            X509Certificate2Collection all = [];
            all.ImportFromPem(pem);
            Origin origin = JsonSerializer.Deserialize<Origin>(File.ReadAllText(At(OriginName)), JsonSerializerOptions.Web)!;
            return new EdgeIdentity(certificate, [.. all.Skip(1)], new Uri(origin.Hub, UriKind.Absolute), origin.HubFingerprint);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or JsonException or UriFormatException)
        {
            throw new InvalidDataException($"the identity in {path} cannot be read: {wrong.Message} — enrol again with a new code", wrong);
        }
    }

    /// <summary>Keeps a first or next certificate in place of what is there.</summary>
    /// <returns>The identity as it is from now on.</returns>
    public EdgeIdentity Keep(ECDsa key, EnrolmentAnswer answer, Uri hub, string hubFingerprint)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(hub);
        Make();
        string origin = JsonSerializer.Serialize(new Origin(hub.AbsoluteUri, answer.Site, hubFingerprint), JsonSerializerOptions.Web);
        OwnerFile.Write(At(OriginName), Encoding.UTF8.GetBytes(origin + "\n"), overwrite: true);
        OwnerFile.Write(At(IdentityName), Encoding.ASCII.GetBytes($"{key.ExportPkcs8PrivateKeyPem()}\n{answer.Certificate.Trim()}\n{answer.Authority.Trim()}\n"), overwrite: true);
        File.Delete(At(PendingName));
        return Read();
    }

    /// <summary>
    /// The key that waits for its certificate; a new one when none waits. Whoever asks again with the same key is answered again, so a lost answer costs nothing.
    /// </summary>
    public ECDsa PendingKey()
    {
        Make();
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(At(PendingName)))
        {
            try
            {
                key.ImportFromPem(File.ReadAllText(At(PendingName)));
                return key;
            }
            catch (Exception broken) when (broken is CryptographicException or ArgumentException)
            {
                // Nobody has certified it, so nothing is lost with it.
                key.Dispose();
                key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            }
        }

        OwnerFile.Write(At(PendingName), Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"), overwrite: true);
        return key;
    }

    /// <summary>The hub will never certify the waiting key.</summary>
    public void DropPendingKey() => File.Delete(At(PendingName));

    private string At(string name) => System.IO.Path.Combine(path, name);

    private void Make()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private sealed record Origin(string Hub, string Site, string HubFingerprint);
}
