using IotProperty.Hub.Ingest;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Pages;

/// <summary>Real lift devices know less than the simulated one: what they do not know is not drawn.</summary>
public sealed class LiftViewTests
{
    [Fact]
    public async Task Door_controller_shows_its_doors_and_fault_code_and_no_shaft()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        CatalogueDevice doors = new("doors-1", "lift", "techwind-sdk500", new LocalText("Lift 1 doors", "1号电梯门机"),
        [
            new CataloguePoint("doors", "", new LocalText("Doors", "门状态")),
            new CataloguePoint("fault-code", "", new LocalText("Fault code", "故障代码")),
        ]);
        SiteCatalogue catalogue = new(new LocalText("Riverside", "滨江"), "Asia/Shanghai", [doors], []);
        await hub.Services.GetRequiredService<IEdgeDirectory>().TakeStateAsync(new EdgeState("riverside", true, 1, "1", "aa", nowMs, catalogue), default);
        Batch batch = new()
        {
            Key = new BatchKey("riverside", 1, Lane.Telemetry, 1),
            Samples =
            [
                new Sample(new PointRef("doors-1", "doors"), nowMs, 2, Quality.Good, true),
                new Sample(new PointRef("doors-1", "fault-code"), nowMs, 37, Quality.Good, true),
            ],
        };
        await hub.Services.GetRequiredService<ITelemetryStore>().CommitAsync(batch, new byte[16], default);

        using HttpClient browser = await hub.AdministratorBrowserAsync();
        string parts = await browser.GetStringAsync(new Uri("/sites/riverside/parts", UriKind.Relative));
        Assert.Contains("Lift 1 doors", parts, StringComparison.Ordinal);
        Assert.Contains("<p class=\"alarm-text\">Fault code 37</p>", parts, StringComparison.Ordinal);
        Assert.DoesNotContain("<svg class=\"shaft", parts, StringComparison.Ordinal);
        Assert.DoesNotContain("no value yet", parts, StringComparison.Ordinal);
    }
}
