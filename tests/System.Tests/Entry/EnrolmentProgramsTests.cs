using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using IotProperty.Simulators.Scenarios;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Entry;

/// <summary>The way of an edge into its hub and out of it again, as an operator goes it, with both programs.</summary>
public sealed partial class EnrolmentProgramsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-enrol-");

    [Fact]
    public async Task An_edge_enrols_by_a_code_is_let_in_by_its_certificate_and_is_put_out_when_it_is_revoked()
    {
        await HubAsync("edge", "server-certificate", "--data", PathOf("hub"), "--name", "localhost", "--certificate", PathOf("hub.pem"), "--key", PathOf("hub.key"));
        await using ChildProgram hub = ChildProgram.Start(
            "hub",
            BuiltPrograms.Hub,
            ["run", "--data", PathOf("hub"), "--json", "--http", "127.0.0.1:0", "--http-certificate", PathOf("hub.pem"), "--http-key", PathOf("hub.key"), "--mqtt", "127.0.0.1:0", "--mqtt-certificate", PathOf("hub.pem"), "--mqtt-key", PathOf("hub.key")],
            _folder.FullName);
        JsonElement ready = await hub.AwaitEventAsync("ready", default, Patience);
        string pages = $"https://localhost:{IPEndPoint.Parse(ready.GetProperty("http").GetString()!).Port}";
        string code = Code().Match(await HubAsync("edge", "invite", "riverside", "--data", PathOf("hub"))).Value;

        // A code of another installation names another authority: this hub gets to see nothing of it.
        string foreign = Code().Match(await HubAsync("edge", "invite", "riverside", "--data", PathOf("another"))).Value;
        (int refused, _, string why) = await EnrollAsync(pages, foreign, "elsewhere");
        Assert.Equal(1, refused);
        Assert.Contains("the code", why, StringComparison.Ordinal);
        Assert.False(Directory.Exists(PathOf("elsewhere")) && Directory.EnumerateFiles(PathOf("elsewhere"), "*.pem").Any(), "something was kept of a hub that was not believed");

        (int enrolled, string output, string errors) = await EnrollAsync(pages, code, "identity");
        Assert.True(enrolled == 0, output + errors);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(PathOf("identity/identity.pem")).UnixFileMode);
        (int again, _, string used) = await EnrollAsync(pages, code, "again");
        Assert.Equal(1, again);
        Assert.Contains("the code was used already", used, StringComparison.Ordinal);

        await File.WriteAllTextAsync(PathOf("site.yaml"), string.Create(CultureInfo.InvariantCulture, $$"""
            site: riverside
            name: { en: Riverside }
            timeZone: Asia/Shanghai
            uplink: { host: localhost, port: {{IPEndPoint.Parse(ready.GetProperty("mqtt").GetString()!).Port}}, tls: true, identity: identity }
            health: { listen: "127.0.0.1:0" }
            lines:
              - id: access
                modbusTcp: { host: 127.0.0.1, port: {{FreePort.Next()}} }
                devices: [ { id: door-1, profile: sim-door, unit: 1 } ]
            commands: { unlock: [ door-1 ], clock: any }
            """));
        await using ChildProgram edge = ChildProgram.Start("edge", BuiltPrograms.Edge, ["run", "--site", PathOf("site.yaml"), "--data", PathOf("edge"), "--json"], _folder.FullName);
        string health = (await edge.AwaitEventAsync("ready", default, Patience)).GetProperty("health").GetString()!;
        await UntilAsync(health, connected: true, "");
        await ExpectOrderedAsync(pages);
        await HubAsync("edge", "revoke", "riverside", "--reason", "stolen", "--data", PathOf("hub"));
        await UntilAsync(health, connected: false, "the certificate was revoked");
        Assert.Equal(0, await edge.StopAsync());
        Assert.Equal(0, await hub.StopAsync());
    }

    /// <summary>
    /// The edge believes its hub's command by the authority that it enrolled with, and by nothing else: its line has no door, so the word that comes back is about that.
    /// </summary>
    private async Task ExpectOrderedAsync(string pages)
    {
        JsonElement token = JsonDocument.Parse(await HubAsync("token", "create", "--role", "guard", "--name", "gatehouse", "--data", PathOf("hub"), "--json")).RootElement;
        using HttpClientHandler handler = new() { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        using HttpClient hub = new(handler) { BaseAddress = new Uri($"{pages}/api/v1/sites/riverside/") };
        hub.DefaultRequestHeaders.Authorization = new("Bearer", token.GetProperty("token").GetString());
        using CancellationTokenSource patience = new(Patience);
        HttpStatusCode ordered;
        do
        {
            // Until the hub has read the edge's catalogue, it knows no door there.
            using HttpResponseMessage answer = await hub.PostAsJsonAsync("commands", new { id = "first", device = "door-1", action = "unlock" }, patience.Token);
            ordered = answer.StatusCode;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
        while (ordered is not (HttpStatusCode.Created or HttpStatusCode.OK));

        JsonElement command;
        do
        {
            command = await hub.GetFromJsonAsync<JsonElement>("commands/first", patience.Token);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
        while (command.GetProperty("state").GetString() == "waiting");
        Assert.Equal(("failed", "gatehouse"), (command.GetProperty("state").GetString(), command.GetProperty("askedBy").GetString()));
        JsonElement result = command.GetProperty("result");
        Assert.Equal("not-confirmed", result.GetProperty("reason").GetString());
        Assert.Contains("Connection refused", result.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task UntilAsync(string health, bool connected, string reason)
    {
        using HttpClient client = new();
        using CancellationTokenSource patience = new(Patience);
        while (true)
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri($"http://{health}/healthz"), patience.Token);
            JsonElement uplink = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(patience.Token)).RootElement.GetProperty("uplink");
            if (uplink.GetProperty("connected").GetBoolean() == connected && uplink.ToString().Contains(reason, StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    private async Task<(int ExitCode, string Output, string Errors)> EnrollAsync(string pages, string code, string into)
    {
        // From a file: what stands in arguments everybody on the machine can read.
        await File.WriteAllTextAsync(PathOf("code"), code);
        return await PeerProcess.RunAsync(Patience, BuiltPrograms.Edge, "enroll", "--hub", pages, "--code-file", PathOf("code"), "--out", PathOf(into));
    }

    private static async Task<string> HubAsync(params IEnumerable<string> arguments)
    {
        (int exitCode, string output, string errors) = await PeerProcess.RunAsync(Patience, BuiltPrograms.Hub, arguments);
        Assert.True(exitCode == 0, errors);
        return output;
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    [GeneratedRegex("([0-9a-f]{8}-){5,}[0-9a-f]{8}")]
    private static partial Regex Code();
}
