using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Pages;

/// <summary>An hour of three readings, three samples, three alarms and three passages: one with a trusted clock, one without, one corrected by a minute and a half.</summary>
public sealed class ClockMarkTests : IClassFixture<ClockMarkTests.World>
{
    private static readonly Uri Transitions = new("/api/v1/transitions?site=riverside", UriKind.Relative);
    private static readonly Uri Readings = new("/api/v1/readings?site=riverside&device=meter-1", UriKind.Relative);
    private static readonly Uri AccessEvents = new("/api/v1/access-events?site=riverside", UriKind.Relative);
    private static readonly Uri Samples = new("/api/v1/telemetry?site=riverside&point=pump-1/pressure", UriKind.Relative);
    private static readonly Uri Alarms = new("/api/v1/alarms?site=riverside", UriKind.Relative);

    private readonly World _world;

    public ClockMarkTests(World world) => _world = world;

    [Fact]
    public async Task Api_tells_of_every_time_whether_it_is_trusted_suspect_or_corrected()
    {
        using HttpClient browser = await _world.Hub.AdministratorBrowserAsync();
        foreach (Uri address in (Uri[])[Transitions, Readings, AccessEvents])
        {
            JsonElement[] items = await ItemsAsync(browser, address);
            Assert.Equal(
                [(false, false, 0L), (false, true, -90_000L), (true, false, 0L)],
                items.Select(item => (
                    item.GetProperty("clockTrusted").GetBoolean(),
                    item.GetProperty("clockCorrected").GetBoolean(),
                    item.GetProperty("clockCorrectionMilliseconds").GetInt64())).Order());
        }

        foreach (Uri address in (Uri[])[Samples, Alarms])
        {
            JsonElement[] items = await ItemsAsync(browser, address);
            Assert.Equal(
                [(false, false), (false, true), (true, false)],
                items.Select(item => (item.GetProperty("clockTrusted").GetBoolean(), item.GetProperty("clockCorrected").GetBoolean())).Order());
        }
    }

    [Fact]
    public async Task Alarm_in_the_api_tells_the_correction_of_each_transition()
    {
        using HttpClient browser = await _world.Hub.AdministratorBrowserAsync();
        string id = await AlarmAsync(browser, "corrected");
        JsonElement detail = JsonSerializer.Deserialize<JsonElement>(await browser.GetStringAsync(new Uri($"/api/v1/alarms/{id}", UriKind.Relative)));
        Assert.Equal(-90_000, detail.GetProperty("transitions")[0].GetProperty("clockCorrectionMilliseconds").GetInt64());
    }

    [Theory]
    [InlineData("en", "time suspect", "time corrected", "then the edge set the time back by 90\u00a0s")]
    [InlineData("zh-CN", "时间存疑", "时间已校正", "同步后时间已调慢 90\u00a0s")]
    public async Task Pages_mark_suspect_and_corrected_times_and_explain_the_marks(string language, string suspect, string corrected, string amount)
    {
        using HttpClient browser = await _world.Hub.AdministratorBrowserAsync(language);
        foreach (string address in (string[])["/alarms", "/alarms/rows", "/meters/riverside/meter-1/energy", "/trend?site=riverside&point=pump-1/pressure"])
        {
            string html = await PageAsync(browser, address);

            // One beside its time, one in the legend; the page of a meter shows its newest reading twice.
            int newest = address.StartsWith("/meters/", StringComparison.Ordinal) ? 1 : 0;
            Assert.Equal((address, 2 + newest, 2), (address, Count(html, "</svg>" + suspect), Count(html, "</svg>" + corrected)));
        }

        Assert.Contains(amount, await PageAsync(browser, "/meters/riverside/meter-1/energy"), StringComparison.Ordinal);
        string alarm = await PageAsync(browser, "/alarms/" + await AlarmAsync(browser, "corrected"));
        Assert.Contains(amount, alarm, StringComparison.Ordinal);
        Assert.DoesNotContain("</svg>" + suspect, alarm, StringComparison.Ordinal);
        Assert.DoesNotContain("clock-mark", await PageAsync(browser, "/alarms/" + await AlarmAsync(browser, "trusted")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Meter_list_and_entrance_mark_their_newest_time()
    {
        using HttpClient browser = await _world.Hub.AdministratorBrowserAsync();
        Assert.Contains("</svg>time suspect", await PageAsync(browser, "/meters"), StringComparison.Ordinal);
        Assert.Contains("</svg>time suspect", await PageAsync(browser, "/sites/riverside/parts"), StringComparison.Ordinal);
    }

    private static int Count(string html, string part) => html.Split(part).Length - 1;

    private static async Task<string> PageAsync(HttpClient browser, string address)
    {
        using HttpResponseMessage answer = await browser.GetAsync(new Uri(address, UriKind.Relative));
        Assert.Equal((address, HttpStatusCode.OK), (address, answer.StatusCode));
        return WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());
    }

    private static async Task<JsonElement[]> ItemsAsync(HttpClient browser, Uri address) =>
        [.. JsonSerializer.Deserialize<JsonElement>(await browser.GetStringAsync(address)).GetProperty("items").EnumerateArray()];

    private static async Task<string> AlarmAsync(HttpClient browser, string occurrence) =>
        (await ItemsAsync(browser, Alarms)).Single(alarm => alarm.GetProperty("occurrence").GetString() == occurrence).GetProperty("id").GetString()!;

    public sealed class World : IAsyncLifetime
    {
        public HubUnderTest Hub { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Hub = await HubUnderTest.StartAsync();
            long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            SiteCatalogue catalogue = new(new LocalText("Riverside", "滨江"), "Asia/Shanghai",
            [
                new CatalogueDevice("pump-1", "fire-pump", "sim", new LocalText("Pumps", "泵"), [new CataloguePoint("pressure", "MPa", new LocalText("Pressure", "压力"))]),
                new CatalogueDevice("meter-1", "electricity-meter", "sim", new LocalText("Meter", "电表"), [new CataloguePoint("energy", "kWh", new LocalText("Energy", "电能"))]),
                new CatalogueDevice("door-1", "door", "sim", new LocalText("Door", "门"), [new CataloguePoint("door-open", "", new LocalText("Open", "开"))]),
            ], []);
            await Hub.Services.GetRequiredService<IEdgeDirectory>().TakeStateAsync(new EdgeState("riverside", true, 1, "1", "aa", nowMs, catalogue), default);
            await RecordAsync(1, "trusted", nowMs - 90_000, true, 0);
            await RecordAsync(2, "corrected", nowMs - 60_000, false, -90_000);
            await RecordAsync(3, "suspect", nowMs - 30_000, false, 0);
        }

        public async Task DisposeAsync() => await Hub.DisposeAsync();

        private async Task RecordAsync(long sequence, string name, long timeMs, bool trusted, long correctionMs)
        {
            PointRef pressure = new("pump-1", "pressure");
            Batch Of(Lane lane) => new() { Key = new BatchKey("riverside", 1, lane, sequence), ClockCorrectionMs = correctionMs };
            IEventLedger events = Hub.Services.GetRequiredService<IEventLedger>();
            await CommitAsync(events, Of(Lane.Event) with
            {
                Transitions = [new AlarmTransition(name, 0, "low", pressure, AlarmLevel.Normal, AlarmLevel.Alarm, AlarmCause.Limit, timeMs, 0.3, 0.35, trusted)],
                AccessEvents = [new AccessEvent(name, "door-1", AccessEventKind.Credential, AccessDecision.Granted, AccessReason.Known, "resident", "", timeMs, trusted)],
            });
            await CommitAsync(events, Of(Lane.Reading) with { Readings = [new MeterReading("meter-1", "energy", "kWh", timeMs, 100m + sequence, 9, Quality.Good, trusted)] });
            Batch samples = Of(Lane.Telemetry) with { Samples = [new Sample(pressure, timeMs, 0.3, Quality.Good, trusted)] };
            Assert.Equal(CommitOutcome.Committed, await Hub.Services.GetRequiredService<ITelemetryStore>().CommitAsync(samples, HashOf(samples), default));
        }

        private static async Task CommitAsync(IEventLedger events, Batch batch) =>
            Assert.Equal(CommitOutcome.Committed, (await events.CommitAsync(batch, HashOf(batch), default)).Outcome);

        private static byte[] HashOf(Batch batch) => SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(batch.Key.ToString()))[..16];
    }
}
