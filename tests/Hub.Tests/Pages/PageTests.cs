using System.Net;
using System.Text.RegularExpressions;
using IotProperty.Hub.Billing;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Pages;

public sealed partial class PageTests(SeededHub seeded) : IClassFixture<SeededHub>
{
    private string[] Addresses =>
    [
        "/", "/sites/riverside", "/sites/riverside/parts", "/alarms", "/alarms?state=all", "/alarms/rows", $"/alarms/{seeded.AlarmId}",
        "/trend?site=riverside&point=pump-1/pressure", "/work-orders", "/work-orders?show=all", "/work-orders/rows", $"/work-orders/{seeded.WorkOrderId}",
        "/meters", "/meters/riverside/meter-1/energy", "/invoices", $"/invoices/{seeded.InvoiceId}", "/lines", "/lines/parts", "/account", "/audit", "/audit?action=login", "/residents", "/tokens",
        "/reconciliation", "/reconciliation?site=riverside&from=2026-01-01&to=2026-02-01",
    ];

    [Theory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Every_page_is_drawn_without_a_raw_key_or_inline_script_or_style(string language)
    {
        string[] keys = ResourceTests.Keys("Text.resx");
        using HttpClient browser = await seeded.Hub.AdministratorBrowserAsync(language);
        foreach (string address in Addresses)
        {
            string html = await FollowAsync(browser, address);
            string text = PageReader.TextOf(html);
            Assert.All(keys.Where(key => key.Contains('.', StringComparison.Ordinal)), key => Assert.DoesNotContain($" {key} ", text, StringComparison.Ordinal));
            Assert.DoesNotContain(" style=", html, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("<style", html, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotMatch(InlineScript(), html);
            Assert.DoesNotMatch(EventAttribute(), html);
        }
    }

    [Fact]
    public async Task Page_speaks_the_language_of_the_browser_until_another_is_chosen()
    {
        using HttpClient browser = await seeded.Hub.AdministratorBrowserAsync("zh-TW,en;q=0.5");
        Assert.Contains("<html lang=\"zh-CN\">", await FollowAsync(browser, "/alarms"), StringComparison.Ordinal);
        using HttpResponseMessage chosen = await HubUnderTest.PostFormAsync(browser, "/alarms", "/language", ("language", "en"), ("returnUrl", "/alarms"));
        Assert.Equal(("/alarms", HttpStatusCode.SeeOther), (chosen.Headers.Location!.OriginalString, chosen.StatusCode));
        Assert.Contains("<html lang=\"en\">", await FollowAsync(browser, "/alarms"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(long.MaxValue, "9999-12-31T23:59:59.999Z")]
    [InlineData(long.MinValue, "0001-01-01T00:00:00.000Z")]
    public async Task Alarm_of_a_broken_clock_is_shown_and_hides_no_other(long timeMs, string told)
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        AlarmTransition raise = new(
            "broken", 0, "pressure-low", new PointRef("pump-1", "pressure"), AlarmLevel.Normal, AlarmLevel.Alarm, AlarmCause.Limit, timeMs, 0.3, 0.35, false);
        Batch batch = new() { Key = new BatchKey("riverside", 1, Lane.Event, 1), Transitions = [raise] };
        await hub.Services.GetRequiredService<IEventLedger>().CommitAsync(batch, new byte[16], default);
        using HttpClient browser = await hub.AdministratorBrowserAsync();
        foreach (string address in (string[])["/alarms", "/work-orders", "/api/v1/alarms", "/api/v1/transitions?site=riverside", "/api/v1/work-orders"])
        {
            Assert.Contains(told, await FollowAsync(browser, address), StringComparison.Ordinal);
        }

        string row = await FollowAsync(browser, "/alarms/rows");
        string alarm = AlarmAddress().Match(row).Groups[1].Value;
        Assert.Contains("broken", await FollowAsync(browser, "/api/v1" + alarm), StringComparison.Ordinal);
        Assert.Contains(told, await FollowAsync(browser, alarm), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_work_order_is_listed_however_many_newer_ones_are_over_and_a_cut_list_says_so()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        await hub.Services.GetRequiredService<IEdgeDirectory>().TakeStateAsync(new EdgeState("riverside", true, 1, "1", "aa", 0, null), default);
        IWorkOrderDesk desk = hub.Services.GetRequiredService<IWorkOrderDesk>();
        WorkOrder oldest = await RaiseAsync(desk, "the oldest");
        for (int i = 0; i < 200; i++)
        {
            Assert.True((await desk.MoveAsync((await RaiseAsync(desk, "newer")).Id, WorkOrderStatus.Declined, "a", "", default)).Succeeded);
        }

        using HttpClient browser = await hub.AdministratorBrowserAsync();
        string open = await FollowAsync(browser, "/work-orders");
        Assert.Contains($"/work-orders/{oldest.Id}", open, StringComparison.Ordinal);
        Assert.DoesNotContain("Only the newest", open, StringComparison.Ordinal);
        string all = await FollowAsync(browser, "/work-orders?show=all");
        Assert.DoesNotContain($"/work-orders/{oldest.Id}", all, StringComparison.Ordinal);
        Assert.Contains("Only the newest 200 are shown.", all, StringComparison.Ordinal);
        Assert.Contains("Only the newest 200 are shown.", await FollowAsync(browser, "/work-orders/rows?show=all"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cut_list_of_invoices_says_so()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        await hub.Services.GetRequiredService<Ledger>().WriteAsync(
            async change =>
            {
                await change.ExecuteAsync(
                    """
                    INSERT INTO site (id, name_en, name_zh_cn, time_zone) VALUES ('riverside', 'r', 'r', 'UTC');
                    INSERT INTO building (id, site, name_en, name_zh_cn, address) VALUES ('b', 'riverside', 'b', 'b', '');
                    """,
                    new { });
                await change.InsertAsync(new Unit { Id = "u", Building = "b", Number = "101" });
                for (int i = 0; i < 201; i++)
                {
                    await change.InsertAsync(new Invoice
                    {
                        Id = $"invoice-{i}",
                        Unit = "u",
                        Site = "riverside",
                        FromMs = i,
                        ToMs = i + 1,
                        IssuedMs = 0,
                        Currency = "CNY",
                        Lines = [],
                        ExactTotal = 1m,
                        Total = 1m,
                        Rounding = Money.RoundingRule,
                    });
                }

                return 0;
            },
            default);
        using HttpClient browser = await hub.AdministratorBrowserAsync();
        Assert.Contains("Only the newest 200 are shown.", await FollowAsync(browser, "/invoices"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alarm_is_acknowledged_in_the_name_of_whoever_is_logged_in()
    {
        await seeded.RaiseAsync("occurrence-ack", seeded.NowMs - 30_000);
        using HttpClient guard = await seeded.Hub.BrowserOfRoleAsync(Roles.Guard);
        string list = await FollowAsync(guard, "/alarms");
        string address = AcknowledgeAddress().Match(list).Groups[1].Value;
        Assert.NotEmpty(address);
        using HttpResponseMessage answer = await HubUnderTest.PostFormAsync(guard, "/alarms", address, ("comment", "valve <open>"), ("returnUrl", "/alarms"));
        Assert.Equal("/alarms", answer.Headers.Location?.OriginalString);
        string page = await FollowAsync(guard, address.Replace("/acknowledge", "", StringComparison.Ordinal));
        Assert.Contains("Acknowledged: valve &lt;open&gt;", page, StringComparison.Ordinal);
        Assert.Contains("a-guard", page, StringComparison.Ordinal);
        using HttpResponseMessage again = await HubUnderTest.PostFormAsync(guard, "/alarms", address, ("comment", ""));
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
    }

    [Fact]
    public async Task Work_order_moves_as_the_page_offers_and_not_otherwise()
    {
        using HttpClient browser = await seeded.Hub.AdministratorBrowserAsync();
        string address = $"/work-orders/{seeded.WorkOrderId}";
        string before = await FollowAsync(browser, address);
        Assert.Contains("value=\"InProgress\"", before, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"Closed\"", before, StringComparison.Ordinal);
        using HttpResponseMessage refused = await HubUnderTest.PostFormAsync(browser, address, address + "/transitions", ("to", "Closed"), ("comment", ""));
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        using HttpResponseMessage nonsense = await HubUnderTest.PostFormAsync(browser, address, address + "/transitions", ("to", "99"), ("comment", ""));
        Assert.Equal(HttpStatusCode.BadRequest, nonsense.StatusCode);
        using HttpResponseMessage moved = await HubUnderTest.PostFormAsync(browser, address, address + "/transitions", ("to", "InProgress"), ("comment", "on my way"));
        Assert.Equal(HttpStatusCode.SeeOther, moved.StatusCode);
        Assert.Contains("on my way", await FollowAsync(browser, address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoice_explains_itself()
    {
        using HttpClient browser = await seeded.Hub.AdministratorBrowserAsync();
        string page = PageReader.TextOf(await FollowAsync(browser, $"/invoices/{seeded.InvoiceId}"));

        // 41.58 kWh: 20 at 0.4883 and 21.58 at 0.5383 make 9.766 + 11.616514 = 21.382514, rounded once.
        foreach (string part in (string[])["1221.72", "1263.300", "41.58", "20 – 41.58 kWh", "0.5383", "11.616514", "21.382514", "21.38 CNY", "half-away-from-zero-0.01", "version of 2020-01-01"])
        {
            Assert.Contains(part, page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Blocked_invoice_keeps_the_form_and_lists_the_reasons()
    {
        using HttpClient browser = await seeded.Hub.AdministratorBrowserAsync();
        using HttpResponseMessage answer = await HubUnderTest.PostFormAsync(
            browser, "/invoices", "/invoices", ("unit", seeded.UnitId), ("from", "2001-01-01T00:00"), ("to", "2001-02-01T00:00"));
        string page = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("The invoice cannot be issued:", page, StringComparison.Ordinal);
        Assert.Contains("value=\"2001-01-01T00:00\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stale_value_never_looks_fresh()
    {
        using HttpClient browser = await seeded.Hub.AdministratorBrowserAsync();
        string parts = await FollowAsync(browser, "/sites/riverside/parts");
        Assert.Matches("class=\"value stale\">\\s*<span class=\"number\">12.50", parts);
        Assert.Contains("no answer since", parts, StringComparison.Ordinal);
        Assert.Matches("class=\"value \">\\s*<span class=\"number\">0.342", parts);
    }

    [Fact]
    public async Task A_device_without_a_card_of_its_own_is_shown_among_the_sensors_with_its_trend()
    {
        using HttpClient browser = await seeded.Hub.AdministratorBrowserAsync();
        string parts = await FollowAsync(browser, "/sites/riverside/parts");
        Assert.Contains("Sump", parts, StringComparison.Ordinal);
        Assert.Matches("id=\"level-1-level\"[^>]*>Water level</a></dt>\\s*<dd>\\s*<span class=\"value \">\\s*<span class=\"number\">1.25", parts);
    }

    [Fact]
    public async Task Role_sees_only_the_ways_that_are_open_to_it()
    {
        using HttpClient billing = await seeded.Hub.BrowserOfRoleAsync(Roles.Billing);
        string page = await FollowAsync(billing, "/invoices");
        Assert.Contains("href=\"/meters\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"/work-orders\"", page, StringComparison.Ordinal);
        using HttpResponseMessage refused = await billing.GetAsync(new Uri("/work-orders", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("Your role does not allow this.", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_record_is_a_page_that_says_so()
    {
        using HttpClient browser = await seeded.Hub.AdministratorBrowserAsync();
        foreach (string address in (string[])["/alarms/none", "/work-orders/none", "/invoices/none", "/sites/none", "/meters/none/a/b", "/trend?site=none&point=a/b", "/nothing"])
        {
            using HttpResponseMessage answer = await browser.GetAsync(new Uri(address, UriKind.Relative));
            Assert.Equal((address, HttpStatusCode.NotFound), (address, answer.StatusCode));
            Assert.Contains("There is no such page or record.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_answer_carries_the_headers_that_keep_strangers_out()
    {
        using HttpClient browser = await seeded.Hub.AdministratorBrowserAsync();
        foreach (string address in (string[])["/alarms", "/login", "/healthz", "/api/v1/sites", "/nothing", "/api/v1/nothing"])
        {
            using HttpResponseMessage answer = await browser.GetAsync(new Uri(address, UriKind.Relative));
            Assert.Equal(SecurityHeaders.ContentPolicy, string.Join("", answer.Headers.GetValues("Content-Security-Policy")));
            Assert.Equal("nosniff", string.Join("", answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("DENY", string.Join("", answer.Headers.GetValues("X-Frame-Options")));
            Assert.False(answer.Headers.Contains("Server"));
        }

        Assert.DoesNotContain("unsafe", SecurityHeaders.ContentPolicy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_files_are_there_and_may_be_kept_for_ever()
    {
        using HttpClient stranger = seeded.Hub.Stranger();
        using HttpClient browser = await seeded.Hub.AdministratorBrowserAsync();
        string trend = await FollowAsync(browser, "/trend?site=riverside&point=pump-1/pressure");
        string[] files = [.. AssetAddress().Matches(trend).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value)).Distinct()];
        Assert.True(files.Length >= 7, $"{files.Length} files");
        foreach (string file in files)
        {
            using HttpResponseMessage answer = await stranger.GetAsync(new Uri(file, UriKind.Relative));
            Assert.Equal((file, HttpStatusCode.OK), (file, answer.StatusCode));
            Assert.Contains("immutable", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        }
    }

    private static async Task<WorkOrder> RaiseAsync(IWorkOrderDesk desk, string title) =>
        (await desk.RaiseAsync(new ManualWorkOrder { Site = "riverside", Title = new LocalText(title, title) }, "a", default)).Value!;

    private static async Task<string> FollowAsync(HttpClient browser, string address)
    {
        using HttpResponseMessage answer = await browser.GetAsync(new Uri(address, UriKind.Relative));
        if (answer.StatusCode == HttpStatusCode.Redirect)
        {
            return await FollowAsync(browser, answer.Headers.Location!.OriginalString);
        }

        Assert.Equal((address, HttpStatusCode.OK), (address, answer.StatusCode));
        return await answer.Content.ReadAsStringAsync();
    }

    [GeneratedRegex(@"<script(?![^>]*\ssrc=)[^>]*>")]
    private static partial Regex InlineScript();

    [GeneratedRegex(@"\son[a-z]+=")]
    private static partial Regex EventAttribute();

    [GeneratedRegex("href=\"(/alarms/[0-9a-f]{32})\"")]
    private static partial Regex AlarmAddress();

    [GeneratedRegex("data-acknowledge=\"([^\"]+)\"")]
    private static partial Regex AcknowledgeAddress();

    [GeneratedRegex("(?:src|href)=\"(/assets/[^\"]+)\"")]
    private static partial Regex AssetAddress();
}
