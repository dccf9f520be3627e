using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IotProperty.Protocols.Enrolment;

/// <summary>
/// What a hub's operator hands to an installer so that one edge can enrol once: which invitation, its secret, and by which certificate the hub is known.
/// Written as 72 hexadecimal digits in groups of eight; dashes, spaces and letter case do not matter when it is read.
/// </summary>
/// <param name="Invitation">8 digits; not secret.</param>
/// <param name="Secret">32 digits, 128 random bits. Never logged; the hub keeps a hash.</param>
/// <param name="HubFingerprint">32 digits: the first 128 bits of the SHA-256 of a certificate (DER): that of the hub's authority, or the one that its HTTPS server shows.</param>
public sealed record EnrolmentCode(string Invitation, string Secret, string HubFingerprint)
{
    public const int InvitationDigits = 8;
    public const int SecretDigits = 32;
    private const int FingerprintDigits = 32;
    private const int Digits = InvitationDigits + SecretDigits + FingerprintDigits;

    // Bounds what a mistaken paste costs.
    private const int MaxChars = 256;

    /// <summary>By which a certificate is known in a code.</summary>
    public static string FingerprintOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return Convert.ToHexStringLower(SHA256.HashData(certificate.RawData))[..FingerprintDigits];
    }

    /// <summary>Reads what <see cref="Text"/> wrote.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out EnrolmentCode? code, out string why)
    {
        ArgumentNullException.ThrowIfNull(text);
        code = null;
        string digits = text.Length > MaxChars ? text : string.Concat(text.Where(c => c != '-' && !char.IsWhiteSpace(c))).ToLowerInvariant();
        if (digits.Length != Digits)
        {
            why = $"an enrolment code has {Digits} hexadecimal digits, this has {digits.Length}";
            return false;
        }

        if (digits.FirstOrDefault(c => !char.IsAsciiHexDigit(c)) is var strange && strange != '\0')
        {
            why = $"'{(char.IsControl(strange) ? '?' : strange)}' is no hexadecimal digit";
            return false;
        }

        why = "";
        code = new EnrolmentCode(
            digits[..InvitationDigits], digits.Substring(InvitationDigits, SecretDigits), digits[(InvitationDigits + SecretDigits)..]);
        return true;
    }

    /// <summary>For the operator to pass on. Holds the secret.</summary>
    public string Text() => string.Join('-', (Invitation + Secret + HubFingerprint).Chunk(8).Select(group => new string(group)));

    /// <summary>Without the secret.</summary>
    public override string ToString() => $"invitation {Invitation}";
}
