using System.Net;
using System.Text.RegularExpressions;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Support;

namespace IotProperty.Hub.Tests.Pages;

public sealed partial class ReconciliationPageTests(ReconciledHub world) : IClassFixture<ReconciledHub>
{
    private const string Page = "/reconciliation?site=riverside";

    [Fact]
    public async Task The_last_day_opens_with_a_plain_verdict_and_the_hours_that_differ()
    {
        string page = await TextOfAsync(Page);
        Assert.Contains("✕ 3 hours differ, and no loss has been declared.", page, StringComparison.Ordinal);
        foreach (string line in (string[])["✕ missing 1 h", "≠ different 2 h", "! declared gap 2 h", "? cannot be compared 1 h", "… not told yet 1 h", "– no records 1 h", "= equal 16 h"])
        {
            Assert.Contains(line, page, StringComparison.Ordinal);
        }

        // 06:00 UTC runs; it is 14:00 at the site.
        Assert.Contains("11:00 – 12:00 Telemetry ✕ missing 10 5 Boot 7: batches missing without a word: 40 (1 in all).", page, StringComparison.Ordinal);
        Assert.Contains("10:00 – 11:00 Telemetry ≠ different 11 10 Boot 7: every batch is here, yet the counts differ.", page, StringComparison.Ordinal);
        Assert.Contains("07:00 – 08:00 Telemetry ≠ different 10 10 Boot 7: every batch is here and the counts agree, yet the content differs.", page, StringComparison.Ordinal);
        Assert.Contains(
            "09:00 – 10:00 Telemetry ! declared gap 10 5 Boot 7: batches declared lost: 36; 5 records of 2026-03-02 09:00:02; reason: disk quota used up",
            page,
            StringComparison.Ordinal);
        Assert.Contains("08:00 – 09:00 Telemetry ? cannot be compared – 10 Boot 7: the edge has told no count of this hour.", page, StringComparison.Ordinal);
        Assert.Contains("12:01:00 forward by 1.5\u00a0h synchronised since", page, StringComparison.Ordinal);
        Assert.Contains("Times in Asia/Shanghai", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_what_differs_is_unfolded()
    {
        string html = await world.Hub.HtmlOfAsync(Page);
        string folded = string.Concat(Details().Matches(html).Select(match => match.Value));
        string open = Details().Replace(html, "");
        Assert.Contains("class=\"standing alarm\"", open, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"standing alarm\"", folded, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"standing warning\"", folded, StringComparison.Ordinal);
        Assert.Equal(19, StartOfHour().Count(folded));
        Assert.Equal(5, StartOfHour().Count(open));
        Assert.Equal(24, Cell().Count(html));
    }

    [Fact]
    public async Task Foreign_reason_is_shown_as_it_was_said_and_does_nothing()
    {
        string html = await world.Hub.HtmlOfAsync(Page);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.Contains("reason: =HYPERLINK(\"x\") <script>", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("&from=2026-03-01T23:00&to=2026-03-02T01:00", "Nothing is missing: edge and hub agree on every hour (2 h).")]
    [InlineData("&from=2026-03-02T13:00&to=2026-03-02T15:00", "Nothing is missing in what has been told so far (1 h).")]
    [InlineData("&from=2026-03-02T14:00&to=2026-03-02T15:00", "No hour of this period has been told yet.")]
    [InlineData("&from=2026-03-02T05:00&to=2026-03-02T06:00", "One hour has a declared loss. Nothing else is missing.")]
    [InlineData("&from=2026-03-02T08:00&to=2026-03-02T09:00", "Nothing is missing where edge and hub can be compared. Cannot be compared: 1 h.")]
    [InlineData("&from=2026-03-02T11:00&to=2026-03-02T12:00", "One hour differs, and no loss has been declared.")]
    [InlineData("&from=2026-03-03&to=2026-03-04", "No hour of this period has begun yet.")]
    public async Task Verdict_says_what_the_period_holds(string period, string verdict) =>
        Assert.Contains(verdict, await TextOfAsync(Page + period), StringComparison.Ordinal);

    [Fact]
    public async Task Page_speaks_Chinese()
    {
        string page = await TextOfAsync(Page, "zh-CN");
        foreach (string word in (string[])["对账", "3 小时数据不符，且未申报缺口。", "缺失", "不一致", "已申报缺口", "无法核对", "尚未报送", "无记录", "一致", "边缘记录", "平台收到", "磁盘配额用尽", "滨江花园", "遥测", "抄表"])
        {
            Assert.Contains(word, page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_month_is_days_that_lead_to_a_page_of_their_own()
    {
        string html = await world.Hub.HtmlOfAsync(Page + "&from=2026-01-31&to=2026-03-03");
        Assert.DoesNotContain("<details", html, StringComparison.Ordinal);
        Assert.Equal(31, DaySection().Count(html));
        Assert.Contains("href=\"/reconciliation?site=riverside&amp;from=2026-03-02&amp;to=2026-03-03\"", html, StringComparison.Ordinal);
        Assert.True(html.Length < 400_000, $"{html.Length} characters");
    }

    [Fact]
    public async Task Steps_lead_a_day_back_and_forward_but_not_into_the_future()
    {
        string html = await world.Hub.HtmlOfAsync(Page);
        Assert.Contains("href=\"/reconciliation?site=riverside&amp;from=2026-02-28T15:00&amp;to=2026-03-01T15:00\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Day after", html, StringComparison.Ordinal);
        string before = await world.Hub.HtmlOfAsync(Page + "&from=2026-02-28&to=2026-03-01");
        Assert.Contains("href=\"/reconciliation?site=riverside&amp;from=2026-03-01&amp;to=2026-03-02\"", before, StringComparison.Ordinal);
        Assert.Contains("Day after", before, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?site=riverside&from=yesterday", HttpStatusCode.BadRequest, "from: 'yesterday' is no time")]
    [InlineData("?site=riverside&from=2026-03-01&to=9999-12-31", HttpStatusCode.BadRequest, "to: '9999-12-31' is no time")]
    [InlineData("?site=riverside&from=-0500-03-01", HttpStatusCode.BadRequest, "from: '-0500-03-01' is no time")]
    [InlineData("?site=riverside&from=2026-03-02&to=2026-03-02", HttpStatusCode.BadRequest, "to: 2026-03-02 must lie after from (2026-03-02).")]
    [InlineData("?site=riverside&from=2026-01-01&to=2026-02-02", HttpStatusCode.BadRequest, "to: 2026-02-02 must lie at most 31 days after from (2026-01-01).")]
    [InlineData("?site=nowhere", HttpStatusCode.NotFound, "site: there is no site 'nowhere'.")]
    public async Task Bad_parameter_is_named_on_a_page_that_keeps_the_form(string query, HttpStatusCode status, string message)
    {
        using HttpClient browser = await world.Hub.AdministratorBrowserAsync();
        foreach (string path in (string[])["/reconciliation", "/reconciliation.csv"])
        {
            using HttpResponseMessage answer = await browser.GetAsync(new Uri(path + query, UriKind.Relative));
            string html = await answer.Content.ReadAsStringAsync();
            Assert.Equal(status, answer.StatusCode);
            Assert.Contains(message, WebUtility.HtmlDecode(html), StringComparison.Ordinal);
            Assert.Contains("role=\"alert\"", html, StringComparison.Ordinal);
            Assert.Contains("name=\"from\"", html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Site_is_chosen_where_there_are_several_and_one_without_records_says_so()
    {
        string html = await world.Hub.HtmlOfAsync("/reconciliation?site=hillside");
        Assert.Contains("<option value=\"hillside\" selected>Hillside Court</option>", html, StringComparison.Ordinal);
        Assert.Contains("No hour of this period has been told yet.", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hub_without_a_site_says_so()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        using HttpClient browser = await hub.AdministratorBrowserAsync();
        Assert.Contains("No building is connected yet", await browser.GetStringAsync(new Uri("/reconciliation", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_role_finds_the_page_in_the_navigation()
    {
        using HttpClient billing = await world.Hub.BrowserOfRoleAsync(Roles.Billing);
        string html = await billing.GetStringAsync(new Uri("/reconciliation", UriKind.Relative));
        Assert.Contains("<a href=\"/reconciliation\" aria-current=\"page\">Reconciliation</a>", html, StringComparison.Ordinal);
        using HttpClient stranger = world.Hub.Stranger();
        using HttpResponseMessage refused = await stranger.GetAsync(new Uri("/reconciliation.csv?site=riverside", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Redirect, refused.StatusCode);
    }

    [Fact]
    public async Task File_holds_every_hour_and_no_formula()
    {
        using HttpClient browser = await world.Hub.AdministratorBrowserAsync();
        using HttpResponseMessage answer = await browser.GetAsync(new Uri("/reconciliation.csv?site=riverside", UriKind.Relative));
        string[] lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n");
        Assert.Equal("text/csv", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("reconciliation-riverside-2026-03-01-2026-03-02.csv", answer.Content.Headers.ContentDisposition!.FileName);
        Assert.Equal("site,hour,lane,verdict,epoch,recorded,received,missing_batches,declared_gaps", lines[0]);
        Assert.Equal("riverside,2026-03-02T03:00:00.000Z,telemetry,missing,7,10,5,40,", Assert.Single(lines, line => line.Contains(",missing,", StringComparison.Ordinal)));
        Assert.Equal("riverside,2026-03-02T00:00:00.000Z,telemetry,unknown,7,,10,,", Assert.Single(lines, line => line.Contains(",unknown,", StringComparison.Ordinal)));
        string refused = Assert.Single(lines, line => line.Contains("reading,declared-gap", StringComparison.Ordinal));
        Assert.EndsWith(",\"4: 3 records, 2026-03-01T21:00:00.000Z to 2026-03-01T21:00:00.000Z, =HYPERLINK(\"\"x\"\") <script>\"", refused, StringComparison.Ordinal);
        Assert.DoesNotContain(lines, line => FormulaCell().IsMatch(line));
    }

    private async Task<string> TextOfAsync(string address, string language = "en") =>
        (await world.Hub.TextOfAsync(address, language)).Replace(" , ", ", ", StringComparison.Ordinal);

    [GeneratedRegex("<details>.*?</details>", RegexOptions.Singleline)]
    private static partial Regex Details();

    [GeneratedRegex("<tr class=\"first\">")]
    private static partial Regex StartOfHour();

    [GeneratedRegex("<li class=\"[a-z]+\" title=")]
    private static partial Regex Cell();

    [GeneratedRegex("<section class=\"card day\"")]
    private static partial Regex DaySection();

    [GeneratedRegex("(^|,)\"?[=@+]")]
    private static partial Regex FormulaCell();
}
