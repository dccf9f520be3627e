using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Edge.Profiles;

/// <summary>
/// A hash over what configuration files say, not over how they look: the order of keys, comments, quotes and indentation do not count. Every text is
/// preceded by its length, so that two different trees never write the same bytes.
/// </summary>
internal static class ConfigurationHash
{
    /// <summary>SHA-256 in lower-case hexadecimal.</summary>
    public static string Of(YamlNode site, IEnumerable<YamlNode> profiles)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, site);
        foreach (YamlNode profile in profiles)
        {
            Append(hash, profile);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, YamlNode node)
    {
        switch (node)
        {
            case YamlScalar scalar:
                AppendText(hash, (byte)'s', scalar.Text);
                break;
            case YamlSequence sequence:
                AppendCount(hash, (byte)'l', sequence.Items.Length);
                foreach (YamlNode item in sequence.Items)
                {
                    Append(hash, item);
                }

                break;
            case YamlMapping mapping:
                AppendCount(hash, (byte)'m', mapping.Entries.Length);
                foreach (YamlEntry entry in mapping.Entries.OrderBy(e => e.Key, StringComparer.Ordinal))
                {
                    AppendText(hash, (byte)'k', entry.Key);
                    Append(hash, entry.Value);
                }

                break;
            default:
                throw new InvalidOperationException($"no hash for {node.GetType().Name}");
        }
    }

    private static void AppendText(IncrementalHash hash, byte kind, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        AppendCount(hash, kind, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AppendCount(IncrementalHash hash, byte kind, int count)
    {
        Span<byte> head = stackalloc byte[5];
        head[0] = kind;
        BinaryPrimitives.WriteInt32BigEndian(head[1..], count);
        hash.AppendData(head);
    }
}
