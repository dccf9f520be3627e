using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Checks;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Tests;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace IotProperty.SystemTests.Pages;

/// <summary>One morning of an operator, in a real browser against real processes.</summary>
public sealed class OperatorJourneyTests
{
    private const string AlarmName = "Fire main pressure low";
    private static readonly LocatorAssertionsToBeVisibleOptions Patient = new() { Timeout = 30_000 };

    [PeerFact("chromium")]
    public async Task Operator_sees_the_alarm_arrive_acknowledges_it_and_follows_it_to_its_work_order_and_an_invoice()
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(3));
        await using RunningEstate estate = await RunningEstate.StartAsync(limit.Token);
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await Browser.LaunchAsync(playwright);
        await using IBrowserContext context = await browser.NewContextAsync(new() { Locale = "en", BaseURL = estate.Rig.Url });
        IPage page = await context.NewPageAsync();
        List<string> complaints = Complaints(page);

        await LogInAsync(page, estate);
        await RequireAccessibleAsync(page, "overview");
        await RequireLinksAsync(page);

        await LookAtTheLinesAsync(page);
        await LookAtTheReconciliationAsync(page);
        await SeeTheAlarmArriveAsync(page, estate, limit.Token);
        await AcknowledgeAsync(page, estate);
        await OpenWorkOrderAsync(page);
        await OpenInvoiceAsync(page, await IssueInvoiceAsync(estate, limit.Token));
        await SwitchToChineseAsync(page);

        Assert.Empty(complaints);
    }

    private static async Task LogInAsync(IPage page, RunningEstate estate)
    {
        await page.GotoAsync("/alarms");
        await Expect(page).ToHaveURLAsync(new Regex("/login"));
        await RequireAccessibleAsync(page, "login");
        await page.Locator("input[name=name]").FillAsync(estate.Rig.User);
        await page.Locator("input[name=password]").FillAsync(estate.Rig.Password);
        await page.Locator("button.primary").ClickAsync();
        await page.GotoAsync("/");
        await Expect(page.Locator("main")).ToContainTextAsync("Lift 1");
    }

    private static async Task LookAtTheLinesAsync(IPage page)
    {
        await page.GotoAsync("/lines");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Lines");
        await RequireAccessibleAsync(page, "lines");
        await RequireLinksAsync(page);
    }

    private static async Task LookAtTheReconciliationAsync(IPage page)
    {
        await page.GotoAsync("/reconciliation");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Reconciliation");
        await Expect(page.Locator("#verdict")).ToBeVisibleAsync();
        await page.Locator("details > summary").First.ClickAsync();
        await RequireAccessibleAsync(page, "reconciliation");
        await RequireLinksAsync(page);
    }

    private static async Task SeeTheAlarmArriveAsync(IPage page, RunningEstate estate, CancellationToken cancellationToken)
    {
        await page.GotoAsync("/alarms");
        ILocator row = Row(page);
        await Expect(row).ToHaveCountAsync(0);

        // A reload would lose this mark: the row has to come to the page that is open.
        await page.EvaluateAsync("() => { window.openSince = 'before the alarm'; }");
        await estate.Rig.Control.DoAsync(new ControlRequest { Op = "fault", Device = "pump-1", Fault = "pressure-low" }, cancellationToken);
        // The warning comes first; the work order belongs to the alarm.
        await Expect(row.Locator(".level.alarm")).ToBeVisibleAsync(Patient);
        Assert.Equal("before the alarm", await page.EvaluateAsync<string>("() => window.openSince"));
        await RequireAccessibleAsync(page, "alarm list");
    }

    private static async Task AcknowledgeAsync(IPage page, RunningEstate estate)
    {
        await Row(page).Locator("[data-acknowledge]").ClickAsync();
        ILocator dialog = page.Locator("dialog#acknowledge");
        await Expect(dialog).ToBeVisibleAsync();
        await dialog.Locator("input[name=comment]").FillAsync("jockey pump is being checked");
        await dialog.Locator("button.primary").ClickAsync();
        await Expect(Row(page)).ToContainTextAsync(estate.Rig.User);

        await Row(page).GetByRole(AriaRole.Link, new() { Name = AlarmName }).ClickAsync();
        await Expect(page.Locator(".timeline")).ToContainTextAsync("jockey pump is being checked");
        await RequireAccessibleAsync(page, "alarm");
    }

    private static async Task OpenWorkOrderAsync(IPage page)
    {
        await page.Locator("main a[href^='/work-orders/']").ClickAsync();
        await Expect(page.Locator("h1")).ToContainTextAsync(AlarmName);
        await RequireAccessibleAsync(page, "work order");
        await RequireLinksAsync(page);
    }

    private static async Task OpenInvoiceAsync(IPage page, HubInvoice invoice)
    {
        await page.GotoAsync("/invoices");
        await page.Locator($"a[href='/invoices/{invoice.Id}']").ClickAsync();
        await Expect(page.Locator(".total")).ToBeVisibleAsync();

        // A line explains itself: what the register showed at its end stands on the page. Thousands are grouped for people.
        string text = (await page.Locator("main").InnerTextAsync()).Replace(",", "", StringComparison.Ordinal);
        Assert.Contains(invoice.Total, text, StringComparison.Ordinal);
        Assert.All(invoice.Lines, line => Assert.Contains(line.Closing.Value, text, StringComparison.Ordinal));
        await RequireAccessibleAsync(page, "invoice");
    }

    /// <summary>Bills one flat; the hub refuses as long as no reading has come.</summary>
    private static Task<HubInvoice> IssueInvoiceAsync(RunningEstate estate, CancellationToken cancellationToken)
    {
        return CheckContext.UntilAsync("an invoice", TimeSpan.FromSeconds(30), Issue, cancellationToken);

        async Task<HubInvoice?> Issue()
        {
            try
            {
                return await DemoInvoice.IssueAsync(estate.Context, flat: 1, DemoRig.Now, cancellationToken);
            }
            catch (ScenarioException refusal) when (refusal.Message.Contains("422", StringComparison.Ordinal))
            {
                return null;
            }
        }
    }

    /// <summary>Every page that the open one links to is there.</summary>
    private static async Task RequireLinksAsync(IPage page)
    {
        string[] addresses = await page.Locator("a[href^='/']").EvaluateAllAsync<string[]>("links => [...new Set(links.map(link => link.getAttribute('href')))]");
        Assert.NotEmpty(addresses);
        foreach (string address in addresses)
        {
            IAPIResponse response = await page.Context.APIRequest.GetAsync(address);
            Assert.True(response.Ok, $"{page.Url} links to {address}, which is answered {response.Status}");
        }
    }

    private static async Task SwitchToChineseAsync(IPage page)
    {
        await page.GotoAsync("/alarms");
        await page.Locator("button[name=language]").ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "zh-CN");
        await Expect(page.Locator("main")).ToContainTextAsync("消防水压不足");
        await RequireAccessibleAsync(page, "alarm list in Chinese");
    }

    private static ILocator Row(IPage page) => page.Locator("#alarm-rows tr", new() { HasText = AlarmName });

    private static async Task RequireAccessibleAsync(IPage page, string name)
    {
        AxeResult result = await page.RunAxe();
        Assert.Empty(result.Violations
            .Where(violation => violation.Impact is "serious" or "critical")
            .Select(violation => $"{name}: {violation.Id}: {violation.Help}: {string.Join(", ", violation.Nodes.Select(node => node.Html).Take(3))}"));
    }

    /// <summary>Collects what the browser's console complains about: a blocked script or a missing file is a broken page.</summary>
    private static List<string> Complaints(IPage page)
    {
        List<string> complaints = [];
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => complaints.Add(error);
        return complaints;
    }
}
