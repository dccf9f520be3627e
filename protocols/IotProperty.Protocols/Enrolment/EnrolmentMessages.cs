using System.Text;

namespace IotProperty.Protocols.Enrolment;

/// <summary>Where an edge asks its hub for certificates: JSON over HTTPS, without login, for the code or the old key is the proof.</summary>
public static class EnrolmentRoutes
{
    /// <summary>GET: the authority and those above it up to a root, in PEM. Public; a reader trusts it when a code names its fingerprint.</summary>
    public const string Authority = "/api/v1/enrolment/authority";

    /// <summary>POST <see cref="EnrolmentRequest"/> → <see cref="EnrolmentAnswer"/>.</summary>
    public const string Enrol = "/api/v1/enrolment";

    /// <summary>POST <see cref="RenewalRequest"/> → <see cref="EnrolmentAnswer"/>.</summary>
    public const string Renew = "/api/v1/enrolment/renewal";
}

/// <summary>An edge with a one-time code asks for its first certificate.</summary>
public sealed record EnrolmentRequest
{
    /// <summary>Of the code.</summary>
    public required string Invitation { get; init; }

    /// <summary>Of the code.</summary>
    public required string Secret { get; init; }

    /// <summary>A PKCS#10 request (RFC 2986) in PEM, signed with the key that it names. The hub takes nothing from it but the key.</summary>
    public required string CertificateRequest { get; init; }
}

/// <summary>An edge asks for its next certificate before the present one ends.</summary>
public sealed record RenewalRequest
{
    /// <summary>The present certificate, in PEM.</summary>
    public required string Certificate { get; init; }

    /// <summary>As in <see cref="EnrolmentRequest.CertificateRequest"/>, for a new key.</summary>
    public required string CertificateRequest { get; init; }

    /// <summary>ECDSA with SHA-256 by the present certificate's key over <see cref="RenewalProof.Of"/>, as a DER sequence (RFC 3279 §2.2.3), in base64.</summary>
    public required string Proof { get; init; }
}

/// <summary>The hub's answer to both.</summary>
public sealed record EnrolmentAnswer
{
    /// <summary>For which site the certificate is.</summary>
    public required string Site { get; init; }

    /// <summary>The certificate, in PEM.</summary>
    public required string Certificate { get; init; }

    /// <summary>The authority that signed it and those above, up to a root, in PEM.</summary>
    public required string Authority { get; init; }
}

/// <summary>What the old key signs.</summary>
public static class RenewalProof
{
    // A signature for this purpose is good for no other.
    private static readonly byte[] Context = Encoding.ASCII.GetBytes("iotp edge certificate renewal v1\0");

    /// <param name="certificateRequest">The PKCS#10 request of the new key, as DER.</param>
    public static byte[] Of(ReadOnlySpan<byte> certificateRequest) => [.. Context, .. certificateRequest];
}
