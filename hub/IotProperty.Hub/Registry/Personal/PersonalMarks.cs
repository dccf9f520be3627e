using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Hub.Registry.Personal;

/// <summary>
/// A blind index: marks by which an encrypted name or telephone number is found again, whole and not in part. A mark is <c>KEYID:BASE64URL</c> of HMAC-SHA-256 (FIPS 198-1)
/// over the normalised text, with a key that HKDF (RFC 5869) derives from a personal key for this column alone. Without the keys it says nothing of the text but that equal
/// texts have equal marks. Safe on any task.
/// </summary>
public sealed class PersonalMarks(PersonalKeys keys)
{
    private const int KeyBytes = 32;
    private const string NameColumn = "occupant.name";
    private const string PhoneColumn = "occupant.phone";

    // 11 digits, and 86 before them from abroad (ITU-T E.164, YD/T 5155).
    private const int ChineseMobileDigits = 11;

    /// <summary>What every mark begins with that is made now.</summary>
    public string CurrentPrefix => $"{keys.Current.Id}:";

    /// <summary>An empty text has no mark.</summary>
    public string OfName(string name) => name.Length == 0 ? "" : Mark(keys.Current, NameColumn, NormaliseName(name));

    /// <summary>An empty text has no mark.</summary>
    public string OfPhone(string phone) => phone.Length == 0 ? "" : Mark(keys.Current, PhoneColumn, NormalisePhone(phone));

    /// <summary>The marks that rows may bear whose name is this, one for each key; none when it holds no letter.</summary>
    public IReadOnlyList<string> WantedNames(string name) => Wanted(NameColumn, NormaliseName(name));

    /// <summary>The marks that rows may bear whose number is this, one for each key; none when it holds no digit.</summary>
    public IReadOnlyList<string> WantedPhones(string phone) => Wanted(PhoneColumn, NormalisePhone(phone));

    /// <summary>
    /// Letters and digits alone, in Unicode's form NFKC (UAX 15) and one case: widths, spaces, hyphens and the dots of names are written in many ways.
    /// </summary>
    public static string NormaliseName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        StringBuilder kept = new();
        foreach (Rune rune in Whole(name).Normalize(NormalizationForm.FormKC).ToUpperInvariant().ToLowerInvariant().Normalize(NormalizationForm.FormKC).EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark)
            {
                kept.Append(rune.ToString());
            }
        }

        return kept.ToString();
    }

    /// <summary>The digits alone, without China's own country code.</summary>
    public static string NormalisePhone(string phone)
    {
        ArgumentNullException.ThrowIfNull(phone);
        string digits = string.Concat(Whole(phone).Normalize(NormalizationForm.FormKC).Where(char.IsAsciiDigit));
        string national = digits.StartsWith("00", StringComparison.Ordinal) ? digits[2..] : digits;
        return national.Length == 2 + ChineseMobileDigits && national.StartsWith("86", StringComparison.Ordinal) ? national[2..] : digits;
    }

    private string[] Wanted(string column, string normalised) => normalised.Length == 0 ? [] : [.. keys.All.Select(key => Mark(key, column, normalised))];

    private static string Mark(PersonalKey key, string column, string normalised)
    {
        byte[] own = HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Bytes.ToArray(), KeyBytes, salt: null, Encoding.ASCII.GetBytes($"iotp blind index 1 {column}"));
        return $"{key.Id}:{Base64Url.EncodeToString(HMACSHA256.HashData(own, Encoding.UTF8.GetBytes(normalised)))}";
    }

    /// <summary>Half a surrogate pair, which no normal form has, becomes the replacement character.</summary>
    private static string Whole(string text) => string.Concat(text.EnumerateRunes());
}
