using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Enrolment;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Control;

/// <summary>
/// The key with which this hub signs commands. It is made in memory and never leaves it; the installation's authority certifies it for that purpose alone, and again when half
/// of the certificate's time is over, so that no edge ever sees one that is about to end. Safe on any task.
/// </summary>
public sealed class CommandKey(AuthoritySource source, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private X509Certificate2? _certificate;
    private DateTimeOffset _renewAt;

    /// <summary>Null when commands can be signed; otherwise why not and the mend, for people.</summary>
    public string? WhyNot() => TryAuthority(time.GetUtcNow(), out _, out string why) ? null : why;

    /// <summary>The command as it travels to its edge.</summary>
    /// <exception cref="InvalidOperationException">See <see cref="WhyNot"/>.</exception>
    public byte[] Sign(SiteCommand command)
    {
        lock (_gate)
        {
            return SignedCommand.Sign(command, Certificate(), _key);
        }
    }

    public void Dispose()
    {
        _certificate?.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Certificate()
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_certificate is { } present && now < _renewAt && now >= present.NotBefore.ToUniversalTime())
        {
            return present;
        }

        if (!TryAuthority(now, out CertificateAuthority? authority, out string why))
        {
            throw new InvalidOperationException(why);
        }

        X509Certificate2 next = authority.IssueCommandSigner(new PublicKey(_key), now);
        _certificate?.Dispose();
        _certificate = next;
        _renewAt = now + ((next.NotAfter.ToUniversalTime() - now) / 2);
        return next;
    }

    private bool TryAuthority(DateTimeOffset now, [NotNullWhen(true)] out CertificateAuthority? authority, out string why)
    {
        authority = null;
        try
        {
            if (!source.TryGet(out authority))
            {
                why = "this hub has no certificate authority, and edges obey only commands that are signed with a key which theirs has certified — make one with the first "
                    + "'iotp-hub edge invite SITE'; hubs that share a ledger name theirs in hub.yaml (authority: …), made with 'iotp-hub edge authority --create DIR'";
                return false;
            }

            DateTimeOffset end = authority.Certificate.NotAfter.ToUniversalTime();
            why = now < end ? "" : $"the hub's certificate authority ended on {UtcText.Of(end.ToUnixTimeMilliseconds())} — make a new one and enrol the edges again";
            return why.Length == 0;
        }
        catch (InvalidDataException wrong)
        {
            why = $"the hub's certificate authority cannot be used: {wrong.Message}";
            return false;
        }
    }
}
