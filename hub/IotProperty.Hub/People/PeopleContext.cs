using IotProperty.Hub.Enrolment;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.People;

/// <summary>People, tokens, and what edges show at the front door, in the ledger's database. The schema is the numbered SQL files; a test holds this model against them.</summary>
public sealed class PeopleContext(DbContextOptions<PeopleContext> options) : IdentityUserContext<Person>(options)
{
    public DbSet<RoleGrant> RoleGrants => Set<RoleGrant>();

    public DbSet<ApiToken> ApiTokens => Set<ApiToken>();

    public DbSet<EdgeCredential> EdgeCredentials => Set<EdgeCredential>();

    public DbSet<EdgeInvitation> EdgeInvitations => Set<EdgeInvitation>();

    public DbSet<EdgeCertificate> EdgeCertificates => Set<EdgeCertificate>();

    protected override void OnModelCreating(ModelBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        base.OnModelCreating(builder);
        builder.Entity<Person>().ToTable("person");
        builder.Entity<IdentityUserClaim<string>>().ToTable("person_claim");
        builder.Entity<IdentityUserLogin<string>>().ToTable("person_login");
        builder.Entity<IdentityUserToken<string>>().ToTable("person_token");
        builder.Entity<RoleGrant>(grant =>
        {
            grant.ToTable("role_grant");
            grant.HasKey(g => new { g.PersonId, g.Role, g.Site });
            grant.HasOne<Person>().WithMany().HasForeignKey(g => g.PersonId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<ApiToken>(token =>
        {
            token.ToTable("api_token");
            token.HasKey(t => t.Id);
            token.HasIndex(t => t.Hash).IsUnique();
            token.HasIndex(t => t.Owner);
        });
        builder.Entity<EdgeCredential>(edge =>
        {
            edge.ToTable("edge_credential");
            edge.HasKey(e => e.Site);
        });
        builder.Entity<EdgeInvitation>(invitation =>
        {
            invitation.ToTable("edge_invitation");
            invitation.HasKey(i => i.Id);
        });
        builder.Entity<EdgeCertificate>(certificate =>
        {
            certificate.ToTable("edge_certificate");
            certificate.HasKey(c => c.Serial);
            certificate.HasIndex(c => new { c.Site, c.NotAfterMs });
            certificate.HasIndex(c => c.KeyHash).IsUnique();
        });
        foreach (var property in builder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            property.SetColumnName(SnakeCase(property.Name));
        }
    }

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(c) : c.ToString()));
}
