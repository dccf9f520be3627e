using System.Security.Cryptography;
using IotProperty.Hub.Audit;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Protocols.Enrolment;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Enrolment;

/// <summary>A code for one edge, or the reason why none was given.</summary>
public readonly record struct Invited(EnrolmentCode? Code, DateTimeOffset Expires, string? Refusal);

/// <summary>Invites edges and checks their codes. Safe on any task and in several processes on one ledger.</summary>
public sealed class EdgeInvitations(IDbContextFactory<PeopleContext> contexts, AuditBook audit, TimeProvider time)
{
    /// <summary>How long a code is good when nobody says otherwise: an installer drives there tomorrow.</summary>
    public static readonly TimeSpan UsualValidity = TimeSpan.FromHours(24);

    public static readonly TimeSpan LongestValidity = TimeSpan.FromDays(30);

    /// <summary>How often a code may be tried; further tries are refused even with the right secret.</summary>
    public const int Attempts = 5;

    /// <param name="site">The site's id.</param>
    /// <param name="hubFingerprint">By which certificate the edge shall know the hub (<see cref="EnrolmentCode.FingerprintOf"/>).</param>
    /// <param name="validity">Up to <see cref="LongestValidity"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Invited> InviteAsync(string site, string hubFingerprint, TimeSpan validity, CancellationToken cancellationToken)
    {
        if (!EdgeCredentials.IsSiteId(site))
        {
            return new Invited(null, default, $"{site}: not a site id — 1 to 40 of a-z, 0-9 and '-'");
        }

        if (validity <= TimeSpan.Zero || validity > LongestValidity)
        {
            return new Invited(null, default, $"a code is good for at most {LongestValidity.TotalDays:0} days — give --valid-hours from 1 to {LongestValidity.TotalHours:0}");
        }

        DateTimeOffset now = time.GetUtcNow();
        EnrolmentCode code = new(
            RandomNumberGenerator.GetHexString(EnrolmentCode.InvitationDigits, lowercase: true),
            RandomNumberGenerator.GetHexString(EnrolmentCode.SecretDigits, lowercase: true),
            hubFingerprint);
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        context.EdgeInvitations.Add(new EdgeInvitation
        {
            Id = code.Invitation,
            Site = site,
            SecretHash = OneTimeSecret.HashOf(code.Secret),
            CreatedMs = now.ToUnixTimeMilliseconds(),
            ExpiresMs = (now + validity).ToUnixTimeMilliseconds(),
            AttemptsLeft = Attempts,
        });

        // Buildings and assets can be registered from now on, before the edge first speaks.
        await SiteBook.EnsureAsync(context, site, cancellationToken);
        await context.SaveChangesAsync(cancellationToken);
        await audit.AppendAsync(context, AuditAction.EdgeInvited, "edge", site, site, cancellationToken, $"invitation {code.Invitation} until {UtcText.Of((now + validity).ToUnixTimeMilliseconds())}");
        await transaction.CommitAsync(cancellationToken);
        return new Invited(code, now + validity, null);
    }

    /// <summary>The invitation that code and secret open, or why they open none. A try with an unused code costs one of its attempts.</summary>
    internal async Task<(EdgeInvitation? Invitation, EnrolmentRefusal? Refusal)> OpenAsync(string id, string secret, CancellationToken cancellationToken)
    {
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        EdgeInvitation? found = await context.EdgeInvitations.AsNoTracking().SingleOrDefaultAsync(i => i.Id == id, cancellationToken);
        if (found is null)
        {
            return (null, WrongCode());
        }

        if (found.UsedMs is null)
        {
            // Counted before it is looked at, so that many tries at once are no more than many in turn.
            int counted = await context.EdgeInvitations.Where(i => i.Id == id && i.UsedMs == null && i.AttemptsLeft > 0)
                .ExecuteUpdateAsync(set => set.SetProperty(i => i.AttemptsLeft, i => i.AttemptsLeft - 1), cancellationToken);
            if (counted == 0)
            {
                return (null, new EnrolmentRefusal(EnrolmentRefusalKind.NotInvited, "the code was used or tried too often; ask the hub's operator for a new one"));
            }
        }

        if (!OneTimeSecret.Matches(secret, found.SecretHash))
        {
            return (null, WrongCode());
        }

        return time.GetUtcNow().ToUnixTimeMilliseconds() >= found.ExpiresMs
            ? (null, new EnrolmentRefusal(EnrolmentRefusalKind.NotInvited, "the code is over; ask the hub's operator for a new one"))
            : (found, null);
    }

    private static EnrolmentRefusal WrongCode() => new(EnrolmentRefusalKind.NotInvited, "the hub does not know this code; copy it anew from the hub's operator");
}
