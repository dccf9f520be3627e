using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IotProperty.Hub.Audit;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.People;

/// <summary>Creates and recognises bearer tokens: <c>iotp_</c> and 43 characters of base64url, 256 random bits. Scoped.</summary>
public sealed class ApiTokens(PeopleContext context, AuditBook audit, TimeProvider time)
{
    private const string Prefix = "iotp_";
    private const int SecretBytes = 32;
    private const int TokenChars = 5 + 43;

    public async Task<OneTimeSecret> CreateAsync(string name, string role, DateTimeOffset expires, CancellationToken cancellationToken)
    {
        string token = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        string id = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        context.ApiTokens.Add(new ApiToken
        {
            Id = id,
            Name = name,
            Role = role,
            Hash = HashOf(token),
            CreatedMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            ExpiresMs = expires.ToUnixTimeMilliseconds(),
        });
        await context.SaveChangesAsync(cancellationToken);
        await audit.AppendAsync(context, AuditAction.TokenCreated, "token", id, "", cancellationToken, $"{name}: {role} until {UtcText.Of(expires.ToUnixTimeMilliseconds())}");
        await transaction.CommitAsync(cancellationToken);
        return new OneTimeSecret(name, token);
    }

    /// <summary>The token's record, or null when it is unknown or over. Looking up a hash of 256 random bits tells an attacker's clock nothing.</summary>
    public async Task<ApiToken?> FindAsync(string token, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (token.Length != TokenChars || !token.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        string hash = HashOf(token);
        ApiToken? found = await context.ApiTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Hash == hash, cancellationToken);
        return found is not null && time.GetUtcNow().ToUnixTimeMilliseconds() < found.ExpiresMs ? found : null;
    }

    private static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(token)));
}
