using System.Diagnostics.CodeAnalysis;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;

namespace IotProperty.Hub.Enrolment;

/// <summary>
/// The installation's authority: the one that <c>hub.yaml</c> names, or a hub's own, which comes into being in its data folder with the first invitation. Hubs that share a
/// ledger must share the authority, so there it must be named. Safe on any task.
/// </summary>
public sealed class AuthoritySource(AuthoritySettings? named, DataFolder folder, bool shared, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private CertificateAuthority? _authority;

    /// <summary>The authority if there is one; a command may have made it beside the running hub.</summary>
    /// <exception cref="InvalidDataException">Its files are wrong, with the mend.</exception>
    public bool TryGet([NotNullWhen(true)] out CertificateAuthority? authority)
    {
        lock (_gate)
        {
            if (_authority is null && Files() is { } files)
            {
                _authority = AuthorityFiles.Read(files, time.GetUtcNow());
            }

            authority = _authority;
            return authority is not null;
        }
    }

    /// <summary>The authority, which a hub on its own makes when it has none.</summary>
    /// <exception cref="UsageException">Hubs share the ledger and none is named.</exception>
    /// <exception cref="InvalidDataException">Its files are wrong, with the mend.</exception>
    public CertificateAuthority GetOrCreate()
    {
        if (TryGet(out CertificateAuthority? present))
        {
            return present;
        }

        if (shared)
        {
            throw new UsageException(
                "hubs that share a ledger need one authority — make it once with 'iotp-hub edge authority --create DIR', copy it to every hub, and name it in hub.yaml: "
                + "authority: { certificateFile: …/authority.pem, keyFile: …/authority.key }");
        }

        AuthorityFiles.Create(folder.AuthorityFolder, time.GetUtcNow());
        return TryGet(out CertificateAuthority? made) ? made : throw new InvalidOperationException("the authority was made and is not there");
    }

    public void Dispose() => _authority?.Dispose();

    private AuthoritySettings? Files() => named ?? (!shared && AuthorityFiles.AreIn(folder.AuthorityFolder) ? AuthorityFiles.In(folder.AuthorityFolder) : null);
}
