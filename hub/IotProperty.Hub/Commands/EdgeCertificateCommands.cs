using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.People;
using IotProperty.Protocols.Enrolment;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub edge invite | certificates | revoke</c>. Work beside a running hub, which sees them within seconds.</summary>
internal static class EdgeCertificateCommands
{
    private const int MaxReasonChars = 200;

    public static Command Invite(TextWriter output, TimeProvider time)
    {
        Argument<string> site = new("SITE") { Description = "The site's id: 1 to 40 of a-z, 0-9 and '-'. Also the edge's MQTT client id and user name." };
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Option<int> hours = new("--valid-hours") { Description = "How long the code is good; at most 720.", DefaultValueFactory = _ => (int)EdgeInvitations.UsualValidity.TotalHours };
        Option<string?> hubCertificate = new("--hub-certificate")
        {
            Description = "The certificate (PEM) that the hub's HTTPS server, or a proxy before it, shows to the edge when it is not of the hub's authority; left out: it is.",
            HelpName = "FILE",
        };
        Command invite = new("invite", "Let the edge of SITE enrol: prints a one-time code for 'iotp-edge enroll', once. Only its hash is kept.") { site, data, config, hours, hubCertificate, json };
        invite.SetAction(async (parsed, cancellationToken) =>
        {
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            CertificateAuthority authority = people.Get<AuthoritySource>().GetOrCreate();
            string fingerprint = parsed.GetValue(hubCertificate) is { } file ? FingerprintOf(file) : EnrolmentCode.FingerprintOf(authority.Certificate);
            Invited invited = await people.Get<EdgeInvitations>().InviteAsync(
                parsed.GetRequiredValue(site), fingerprint, TimeSpan.FromHours(parsed.GetValue(hours)), cancellationToken);
            EnrolmentCode code = invited.Code ?? throw new UsageException(invited.Refusal!);
            await output.WriteLineAsync(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { site = parsed.GetValue(site), code = code.Text(), expires = Time(invited.Expires) })
                : $"code:    {code.Text()}\nexpires: {Time(invited.Expires)}\nIt is not shown again. On the edge: iotp-edge enroll --hub https://HUB --code CODE --out identity");
            return ExitCode.Ok;
        });
        return invite;
    }

    public static Command Certificates(TextWriter output, TimeProvider time)
    {
        Argument<string?> site = new("SITE") { Description = "Only this site's; left out: all.", Arity = ArgumentArity.ZeroOrOne };
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Command list = new("certificates", "List the certificates that edges were given.") { site, data, config, json };
        list.SetAction(async (parsed, cancellationToken) =>
        {
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            foreach (EdgeCertificate certificate in await people.Get<EdgeCertificates>().ListAsync(parsed.GetValue(site), cancellationToken))
            {
                string from = Time(certificate.NotBeforeMs);
                string to = Time(certificate.NotAfterMs);
                string? revoked = certificate.RevokedMs is { } at ? Time(at) : null;
                await output.WriteLineAsync(parsed.GetValue(json)
                    ? JsonSerializer.Serialize(new
                    {
                        site = certificate.Site,
                        serial = certificate.Serial,
                        notBefore = from,
                        notAfter = to,
                        renewalOf = certificate.RenewalOf,
                        revoked,
                        reason = certificate.RevokedWhy,
                    })
                    : $"{certificate.Site}  {certificate.Serial}  {from} to {to}{(revoked is null ? "" : $"  revoked {revoked}: {certificate.RevokedWhy}")}");
            }

            return ExitCode.Ok;
        });
        return list;
    }

    public static Command Revoke(TextWriter output, TimeProvider time)
    {
        Argument<string> what = new("SITE|SERIAL") { Description = "A site: all its certificates, its password and its open codes. Or one certificate's serial number." };
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Option<string> reason = new("--reason") { Description = "Why, for the record, the refused edge and the log.", HelpName = "TEXT", Required = true };
        Command revoke = new("revoke", "Take an edge's certificates away: it is not let in again, and a standing connection at the front door ends within seconds.") { what, data, config, reason, json };
        revoke.SetAction(async (parsed, cancellationToken) =>
        {
            string named = parsed.GetRequiredValue(what);
            string why = parsed.GetRequiredValue(reason).Trim();
            if (why.Length is 0 or > MaxReasonChars || why.Any(char.IsControl))
            {
                throw new UsageException($"--reason: write 1 to {MaxReasonChars} characters on one line");
            }

            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            Revocation done = await RevokeAsync(people.Get<EdgeCertificates>(), named, why, cancellationToken);
            string[] serials = [.. done.Certificates.Select(c => c.Serial)];
            await output.WriteLineAsync(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { revoked = serials, passwordEnded = done.Password, codesEnded = done.Invitations })
                : $"revoked: {(serials.Length == 0 ? "no certificate" : string.Join(", ", serials))}{(done.Password ? "; the password is ended" : "")}{(done.Invitations > 0 ? "; open codes are ended" : "")}\n"
                    + "Behind a broker, it needs the new list too: broker.crl in the running hub's data folder, or iotp-hub edge crl --out FILE");
            return ExitCode.Ok;
        });
        return revoke;
    }

    internal static string Time(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Time(long unixMs) => Time(DateTimeOffset.FromUnixTimeMilliseconds(unixMs));

    private static async Task<Revocation> RevokeAsync(EdgeCertificates certificates, string named, string why, CancellationToken cancellationToken)
    {
        EdgeCertificate? one = await certificates.RevokeAsync(named.ToUpperInvariant(), why, cancellationToken);
        Revocation done = one is not null ? new Revocation([one], false, 0) : await certificates.RevokeSiteAsync(named, why, cancellationToken);
        return done is { Certificates.Count: 0, Password: false, Invitations: 0 }
            ? throw new UsageException($"{named}: neither a site with anything to revoke nor a serial number — 'iotp-hub edge certificates' lists both")
            : done;
    }

    private static string FingerprintOf(string file)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
            return EnrolmentCode.FingerprintOf(certificate);
        }
        catch (Exception wrong) when (wrong is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--hub-certificate {file}: {wrong.Message} — name a readable certificate in PEM");
        }
    }
}
