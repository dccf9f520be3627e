using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Hub.People;

/// <summary>A secret that is shown once.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Secret">Never logged, never stored.</param>
public readonly record struct OneTimeSecret(string Name, string Secret)
{
    // No 0/O, 1/l/I: somebody will type this from a screen.
    private const string Alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    public override string ToString() => Name;

    /// <summary>20 characters of 57 kinds: 116 bits.</summary>
    public static string NewPassword() =>
        string.Join('-', RandomNumberGenerator.GetString(Alphabet, 20).Chunk(5).Select(part => new string(part)));

    /// <summary>
    /// What is stored of a secret that we have made: SHA-256 in hex. Slow and salted hashes are for what people choose; with 116 bits or more of chance there is
    /// nothing to guess, and whoever shows it often (an edge, a program) must not cost the hub a tenth of a second each time.
    /// </summary>
    internal static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Whether the secret is the one whose hash is stored; how long this takes tells nothing.</summary>
    internal static bool Matches(string secret, string hash) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(HashOf(secret)), Encoding.ASCII.GetBytes(hash));
}

/// <summary>A secret, or the reason why none was given.</summary>
public readonly record struct Issued(OneTimeSecret? Secret, string? Refusal)
{
    public static Issued To(OneTimeSecret secret) => new(secret, null);

    public static Issued Refused(string why) => new(null, why);
}
