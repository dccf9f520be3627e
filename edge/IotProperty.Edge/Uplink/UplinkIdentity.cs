using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace IotProperty.Edge.Uplink;

/// <summary>The certificate that a connection shows, and the only roots that it trusts.</summary>
/// <param name="Certificate">With its private key and those that signed it.</param>
/// <param name="Roots">Null: those of the machine.</param>
/// <param name="Replaced">Cancelled when there is a newer one: the connection is then made anew.</param>
public sealed record UplinkIdentity(SslStreamCertificateContext Certificate, X509Certificate2Collection? Roots, CancellationToken Replaced);
