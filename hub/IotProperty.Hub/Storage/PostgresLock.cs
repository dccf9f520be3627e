using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Hub.Storage;

/// <summary>Names of advisory locks as the numbers that PostgreSQL knows them by.</summary>
internal static class PostgresLock
{
    /// <summary>64 bits of a hash; the prefix keeps them apart from locks of other programs on the same database.</summary>
    public static long Key(string name) => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes("iotp:" + name)));
}
