using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Hosting;

namespace IotProperty.Hub.Tests.Commands;

public sealed class CommandLineTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-command-");

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("run", "run", "--help")]
    [InlineData("edge add", "edge", "add", "--help")]
    [InlineData("edge invite", "edge", "invite", "--help")]
    [InlineData("edge certificates", "edge", "certificates", "--help")]
    [InlineData("edge revoke", "edge", "revoke", "--help")]
    [InlineData("edge crl", "edge", "crl", "--help")]
    [InlineData("edge authority", "edge", "authority", "--help")]
    [InlineData("edge server-certificate", "edge", "server-certificate", "--help")]
    [InlineData("user add", "user", "add", "--help")]
    [InlineData("user list", "user", "list", "--help")]
    [InlineData("user remove", "user", "remove", "--help")]
    [InlineData("user reset-password", "user", "reset-password", "--help")]
    [InlineData("user unlock", "user", "unlock", "--help")]
    [InlineData("user grant", "user", "grant", "--help")]
    [InlineData("user revoke", "user", "revoke", "--help")]
    [InlineData("token create", "token", "create", "--help")]
    [InlineData("backup", "backup", "--help")]
    [InlineData("audit verify", "audit", "verify", "--help")]
    [InlineData("token list", "token", "list", "--help")]
    [InlineData("token revoke", "token", "revoke", "--help")]
    [InlineData("keys rotate", "keys", "rotate", "--help")]
    [InlineData("audit show", "audit", "show", "--help")]
    public async Task Every_command_explains_itself(string command, params string[] arguments)
    {
        (int code, string output, _) = await RunAsync(arguments);
        Assert.Equal(0, code);
        Assert.Contains(command, output, StringComparison.Ordinal);
        Assert.Contains("--data <DIR>", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_documents_the_exit_codes()
    {
        (int code, string output, _) = await RunAsync("--help");
        Assert.Equal(0, code);
        Assert.Contains("0 done; 1 failed while running; 2 wrong usage", output.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--data", "run")]
    [InlineData("run --help", "run", "--data", "x", "--bogus")]
    [InlineData("--mqtt 1883", "run", "--data", "x", "--mqtt", "1883")]
    [InlineData("--http ::1:80", "run", "--data", "x", "--http", "::1:80")]
    [InlineData("--mqtt-certificate FILE", "run", "--data", "x", "--mqtt", "0.0.0.0:1883")]
    [InlineData("--http-certificate FILE", "run", "--data", "x", "--http", "192.0.2.1:8080")]
    [InlineData("belong together", "run", "--data", "x", "--mqtt-certificate", "only.pem")]
    [InlineData("read-only", "token", "create", "--data", "x", "--role", "king")]
    [InlineData("--expires", "token", "create", "--data", "x", "--role", "guard", "--expires", "tomorrow")]
    [InlineData("user list", "user", "remove", "nobody", "--data", "DATA")]
    [InlineData("user list", "user", "reset-password", "nobody", "--data", "DATA")]
    [InlineData("user list", "user", "unlock", "nobody", "--data", "DATA")]
    [InlineData("user list", "user", "grant", "nobody", "--role", "guard", "--data", "DATA")]
    [InlineData("user list", "user", "revoke", "nobody", "--role", "guard", "--data", "DATA")]
    [InlineData("--site River", "user", "grant", "nobody", "--role", "guard", "--site", "River", "--data", "DATA")]
    [InlineData("--role", "user", "grant", "nobody", "--data", "DATA")]
    [InlineData("edge add rverside", "user", "add", "li.wei", "--role", "guard", "--site", "rverside", "--data", "DATA")]
    [InlineData("user list", "token", "create", "--role", "guard", "--owner", "nobody", "--data", "DATA")]
    [InlineData("1 to 40", "edge", "invite", "River/Side", "--data", "DATA")]
    [InlineData("--valid-hours", "edge", "invite", "riverside", "--data", "DATA", "--valid-hours", "0")]
    [InlineData("--hub-certificate none.pem", "edge", "invite", "riverside", "--data", "DATA", "--hub-certificate", "none.pem")]
    [InlineData("--reason", "edge", "revoke", "riverside", "--data", "DATA", "--reason", "two\nlines")]
    [InlineData("edge certificates", "edge", "revoke", "riverside", "--data", "DATA", "--reason", "stolen")]
    [InlineData("--days", "edge", "crl", "--data", "DATA", "--out", "x.crl", "--days", "0")]
    [InlineData("--create DIR", "edge", "authority", "--data", "DATA")]
    [InlineData("--name a/b", "edge", "server-certificate", "--data", "DATA", "--name", "a/b", "--certificate", "x.pem", "--key", "x.key")]
    [InlineData("time to come", "token", "create", "--data", "x", "--role", "guard", "--expires", "2020-01-01")]
    public async Task Wrong_usage_ends_with_2_and_the_mend(string mend, params string[] arguments)
    {
        (int code, _, string errors) = await RunAsync([.. arguments.Select(argument => argument == "DATA" ? _folder.FullName : argument)]);
        Assert.Equal(ExitCode.BadUsage, code);
        Assert.Contains(mend, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_edge_and_user_end_with_2()
    {
        Assert.Equal(0, (await RunAsync("edge", "add", "riverside", "--data", _folder.FullName)).Code);
        (int again, _, string why) = await RunAsync("edge", "add", "riverside", "--data", _folder.FullName);
        Assert.Equal(ExitCode.BadUsage, again);
        Assert.Contains("--renew", why, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("user", "add", "li.wei", "--role", "engineer", "--data", _folder.FullName)).Code);
        (int taken, _, string taking) = await RunAsync("user", "add", "li.wei", "--role", "guard", "--data", _folder.FullName);
        Assert.Equal(ExitCode.BadUsage, taken);
        Assert.Contains("li.wei", taking, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_is_told_once_with_its_end()
    {
        (int code, string output, _) = await RunAsync("token", "create", "--role", "read-only", "--expires", "2099-01-31", "--data", _folder.FullName, "--json");
        Assert.Equal(0, code);
        using JsonDocument told = JsonDocument.Parse(output);
        Assert.StartsWith("iotp_", told.RootElement.GetProperty("token").GetString(), StringComparison.Ordinal);
        Assert.Equal("2099-01-31T00:00:00Z", told.RootElement.GetProperty("expires").GetString());
    }

    [Fact]
    public async Task Second_hub_on_a_folder_is_refused_and_told_why()
    {
        using IDisposable taken = DataFolder.Open(_folder.FullName).Lock();
        (int code, _, string errors) = await RunAsync("run", "--data", _folder.FullName, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0");
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("another hub runs on this data folder", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Address_that_others_reach_is_taken_with_a_certificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=hub.example", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        string certificateFile = Path.Combine(_folder.FullName, "hub.pem");
        string keyFile = Path.Combine(_folder.FullName, "hub.key");
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        FrontDoorAddress address = FrontDoorAddress.Read("--mqtt", "0.0.0.0:8883", certificateFile, keyFile);
        Assert.Equal((new IPEndPoint(IPAddress.Any, 8883), true), (address.EndPoint, address.Certificate!.HasPrivateKey));
        Assert.Throws<UsageException>(() => FrontDoorAddress.Read("--mqtt", "0.0.0.0:8883", keyFile, certificateFile));
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter errors = new();
        int code = await HubCommandLine.RunAsync(arguments, output, errors, TimeProvider.System);
        return (code, output.ToString(), errors.ToString());
    }
}
