using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Hub.Registry.Personal;

/// <summary>A text in the ledger that should be encrypted cannot be read: it was changed or moved, or its key is not here. The message names the place, never the text.</summary>
public sealed class PersonalDataException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Encrypts single texts with AES-256-GCM (NIST SP 800-38D): <c>enc:1:KEYID:BASE64URL</c> of a random nonce of 12 bytes, the ciphertext and a tag of 16 bytes. Table,
/// row and column are bound in as associated data, so that a text that is copied elsewhere is found out. Safe on any task.
/// </summary>
public sealed class PersonalSeal(PersonalKeys keys)
{
    public const string Prefix = "enc:1:";

    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>What every text begins with that the current key encrypted.</summary>
    public string CurrentPrefix => $"{Prefix}{keys.Current.Id}:";

    /// <summary>An empty text stays empty.</summary>
    public string Close(string plain, string table, string row, string column)
    {
        ArgumentNullException.ThrowIfNull(plain);
        if (plain.Length == 0)
        {
            return "";
        }

        PersonalKey key = keys.Current;
        byte[] text = Encoding.UTF8.GetBytes(plain);
        byte[] box = new byte[NonceBytes + text.Length + TagBytes];
        Span<byte> nonce = box.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using AesGcm cipher = new(key.Bytes.Span, TagBytes);
        cipher.Encrypt(nonce, text, box.AsSpan(NonceBytes, text.Length), box.AsSpan(NonceBytes + text.Length), Place(table, row, column, key.Id));
        return $"{Prefix}{key.Id}:{Base64Url.EncodeToString(box)}";
    }

    /// <exception cref="PersonalDataException">It is not what was encrypted for this place, or its key is not here.</exception>
    public string Open(string closed, string table, string row, string column)
    {
        ArgumentNullException.ThrowIfNull(closed);
        if (closed.Length == 0)
        {
            return "";
        }

        string[] parts = closed.Split(':');
        if (parts is not ["enc", "1", { } id, { } base64])
        {
            throw new PersonalDataException($"{table} {row}, {column}: is not encrypted — somebody wrote to the database, or a program that is older than this one");
        }

        PersonalKey key = keys.Find(id)
            ?? throw new PersonalDataException($"{table} {row}, {column}: is encrypted with the key {id}, which {keys.File} does not hold — copy the file from the hub that has it");
        try
        {
            byte[] box = Base64Url.DecodeFromChars(base64);
            byte[] text = new byte[Math.Max(0, box.Length - NonceBytes - TagBytes)];
            using AesGcm cipher = new(key.Bytes.Span, TagBytes);
            cipher.Decrypt(box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes, text.Length), box.AsSpan(NonceBytes + text.Length), text, Place(table, row, column, id));
            return Encoding.UTF8.GetString(text);
        }
        catch (Exception wrong) when (wrong is CryptographicException or FormatException or ArgumentException)
        {
            throw new PersonalDataException($"{table} {row}, {column}: was changed in the database, moved there from elsewhere, or encrypted with another key of the id {id}", wrong);
        }
    }

    private static byte[] Place(string table, string row, string column, string key) => Encoding.UTF8.GetBytes($"{table}\0{row}\0{column}\0{key}");
}
