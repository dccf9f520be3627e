using System.Security.Cryptography;

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
}

/// <summary>A secret, or the reason why none was given.</summary>
public readonly record struct Issued(OneTimeSecret? Secret, string? Refusal)
{
    public static Issued To(OneTimeSecret secret) => new(secret, null);

    public static Issued Refused(string why) => new(null, why);
}
