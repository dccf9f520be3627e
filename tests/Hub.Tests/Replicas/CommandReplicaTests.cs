using System.Net;
using System.Net.Http.Json;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Replicas;

/// <summary>Two hubs on one PostgreSQL: whoever takes an order, the one sends it to which the edge is connected.</summary>
public sealed class CommandReplicaTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [PeerFact("postgres", "mosquitto_sub")]
    public async Task Command_that_one_hub_took_reaches_the_edge_at_the_other()
    {
        PostgresSettings ledger = await PostgresLedgers.CreateEmptyAsync();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("iotp-authority-");
        string authority = Path.Combine(folder.FullName, "authority");
        AuthorityFiles.Create(authority, TimeProvider.System.GetUtcNow());
        HubSettings Named(HubSettings settings) => settings with { Configuration = settings.Configuration with { Authority = AuthorityFiles.In(authority) } };
        await using (HubUnderTest one = await HubUnderTest.StartAsync(ledger: ledger, change: Named))
        await using (HubUnderTest two = await HubUnderTest.StartAsync(ledger: ledger, change: Named))
        {
            await Task.WhenAll(new[] { one, two }.Select(hub => hub.Services.GetRequiredService<SharedLiveFeed>().Listening.WaitAsync(Patience)));
            SiteCatalogue catalogue = new(new LocalText("R", "R"), "UTC", [new CatalogueDevice("meter-1", "electricity-meter", "m", new LocalText("M", "M"), [], DeviceCommands.SwitchRelay)], []);
            await two.Services.GetRequiredService<IEdgeDirectory>().TakeStateAsync(
                new EdgeState("riverside", true, 1, "", "", TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), catalogue), default);
            string password = (await two.Services.GetRequiredService<EdgeCredentials>().IssueAsync("riverside", renew: false, default)).Secret!.Value.Secret;
            await using var edge = PeerProcess.Start(
                Peers.Require("mosquitto_sub"),
                ["-V", "5", "-h", "127.0.0.1", "-p", $"{two.MqttEndPoint.Port}", "-i", "riverside", "-u", "riverside", "-P", password, "-q", "1",
                    "-t", UplinkTopics.CommandFilter("riverside"), "-F", "%x"]);
            using HttpClient program = await one.ProgramAsync(Roles.Engineer);
            using HttpResponseMessage placed = await program.PostAsJsonAsync(
                new Uri("/api/v1/sites/riverside/commands", UriKind.Relative), new { id = "across", device = "meter-1", action = "switch", position = "close" });
            Assert.True(placed.StatusCode == HttpStatusCode.Created, await placed.Content.ReadAsStringAsync());
            Assert.True(one.Services.GetRequiredService<AuthoritySource>().TryGet(out CertificateAuthority? trusted));
            SiteCommand command = SignedCommand.Decode(Convert.FromHexString((await edge.ReadLineAsync())!)).Value!.Open([.. trusted.Chain], TimeProvider.System.GetUtcNow()).Value!;
            Assert.Equal(("across", "engineer", new SwitchAction("meter-1", SwitchPosition.Close)), (command.Id, command.AskedBy, command.Action));
        }

        await PostgresLedgers.DropAsync(ledger);
        folder.Delete(recursive: true);
    }
}
