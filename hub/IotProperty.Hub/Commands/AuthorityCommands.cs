using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.People;
using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub edge crl | authority | server-certificate</c>: what brokers and servers need of the authority.</summary>
internal static class AuthorityCommands
{
    public static Command RevocationList(TextWriter output, TimeProvider time)
    {
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<string> file = new("--out") { Description = "Where to write it (PEM); replaced whole.", HelpName = "FILE", Required = true };
        Option<int> days = new("--days") { Description = "How long the list is good, 1 to 365. A broker that finds only an older one lets nobody in: write a new one in time.", DefaultValueFactory = _ => (int)EdgeCertificates.UsualListLife.TotalDays };
        Command command = new("crl", "Write the list of revoked certificates for a broker (crlfile), which must then be told to read it again.") { data, config, file, days };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            int goodFor = parsed.GetValue(days) is >= 1 and <= 365 and var count ? count : throw new UsageException("--days: write a number from 1 to 365");
            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            string list = await people.Get<EdgeCertificates>().RevocationListAsync(TimeSpan.FromDays(goodFor), cancellationToken);
            PrivateFile.WritePublic(parsed.GetRequiredValue(file), list);
            await output.WriteLineAsync($"written: {parsed.GetValue(file)}, good until {EdgeCertificateCommands.Time(time.GetUtcNow().AddDays(goodFor))}");
            return ExitCode.Ok;
        });
        return command;
    }

    public static Command Authority(TextWriter output, TimeProvider time)
    {
        Option<string?> data = new("--data") { Description = "The hub's data folder.", HelpName = "DIR" };
        Option<string?> config = HubOptions.Config();
        Option<string?> file = new("--out") { Description = "Write the authority's certificates (PEM, without the key) here, for a broker's cafile.", HelpName = "FILE" };
        Option<string?> create = new("--create") { Description = "Make a new authority in this folder, for hubs that share a ledger: hub.yaml of each names the two files.", HelpName = "DIR" };
        Command command = new("authority", "Export the authority that signs edges' certificates, or make one for several hubs.") { data, config, file, create };
        command.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(create) is { } folder)
            {
                if (Directory.Exists(folder))
                {
                    throw new UsageException($"--create {folder}: is there already — name a folder that is not, so that no authority is overwritten");
                }

                AuthorityFiles.Create(folder, time.GetUtcNow());
                AuthoritySettings made = AuthorityFiles.In(folder);
                await output.WriteLineAsync($"made: {made.CertificateFile} and {made.KeyFile}\nName them in hub.yaml: authority: {{ certificateFile: …, keyFile: … }}. Who has the key can make certificates: keep it like one.");
                return ExitCode.Ok;
            }

            if (parsed.GetValue(data) is not { } dataFolder || parsed.GetValue(file) is not { } target)
            {
                throw new UsageException("authority: give --data DIR and --out FILE to export, or --create DIR to make one");
            }

            await using PeopleScope people = PeopleScope.Open(dataFolder, parsed.GetValue(config), time);
            PrivateFile.WritePublic(target, people.Get<AuthoritySource>().GetOrCreate().ChainPem());
            await output.WriteLineAsync($"written: {target}");
            return ExitCode.Ok;
        });
        return command;
    }

    public static Command ServerCertificate(TextWriter output, TimeProvider time)
    {
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Option<string[]> names = new("--name") { Description = "A name or address by which edges reach the server; may be given several times.", HelpName = "HOST", Required = true, Arity = ArgumentArity.OneOrMore };
        Option<string> certificateFile = new("--certificate") { Description = "Where to write the certificate with the authority behind it (PEM).", HelpName = "FILE", Required = true };
        Option<string> keyFile = new("--key") { Description = "Where to write its private key (PEM), for its owner alone.", HelpName = "FILE", Required = true };
        Command command = new("server-certificate", "Make a certificate that enrolled edges trust, for the hub's own pages and front door or for a broker. Good for 397 days.")
        {
            names, data, config, certificateFile, keyFile, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            string[] hosts = parsed.GetRequiredValue(names);
            if (hosts.FirstOrDefault(host => Uri.CheckHostName(host) == UriHostNameType.Unknown) is { } strange)
            {
                throw new UsageException($"--name {strange}: neither a host name nor an address");
            }

            await using PeopleScope people = PeopleScope.Open(parsed.GetRequiredValue(data), parsed.GetValue(config), time);
            CertificateAuthority authority = people.Get<AuthoritySource>().GetOrCreate();
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using X509Certificate2 certificate = authority.IssueServer(hosts, new PublicKey(key), time.GetUtcNow());
            PrivateFile.Write(parsed.GetRequiredValue(keyFile), key.ExportPkcs8PrivateKeyPem() + "\n");
            PrivateFile.WritePublic(parsed.GetRequiredValue(certificateFile), certificate.ExportCertificatePem() + "\n" + authority.ChainPem());
            string ends = EdgeCertificateCommands.Time(certificate.NotAfter.ToUniversalTime());
            await output.WriteLineAsync(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { names = hosts, serial = certificate.SerialNumber, notAfter = ends })
                : $"written: {parsed.GetValue(certificateFile)} and {parsed.GetValue(keyFile)}, good until {ends}");
            return ExitCode.Ok;
        });
        return command;
    }
}
