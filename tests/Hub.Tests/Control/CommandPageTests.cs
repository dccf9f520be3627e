using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using IotProperty.Hub.Control;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.People;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Control;

/// <summary>What guards and engineers do on the pages.</summary>
public sealed partial class CommandPageTests(SeededHub seeded) : IClassFixture<SeededHub>
{
    private HubUnderTest Hub => seeded.Hub;

    private ICommandDesk Desk => Hub.Services.GetRequiredService<ICommandDesk>();

    [Fact]
    public async Task Guard_opens_a_door_on_a_page_that_names_it_and_sees_how_it_went()
    {
        Hub.Services.GetRequiredService<AuthoritySource>().GetOrCreate();
        using HttpClient guard = await Hub.BrowserOfRoleAsync(Roles.Guard);
        string doors = await GetAsync(guard, "/doors");
        Assert.Contains("href=\"/doors/riverside/door-1\" aria-label=\"Open Entrance door\"", doors, StringComparison.Ordinal);
        string confirm = await GetAsync(guard, "/doors/riverside/door-1");
        Assert.Contains("Open “Entrance door”?", PageReader.TextOf(confirm), StringComparison.Ordinal);
        (string, string)[] form = [("form-token", HubUnderTest.TokenIn(confirm)), ("id", CommandId().Match(confirm).Groups[1].Value), ("note", "a parcel <b>")];

        // Pressed twice: one order.
        for (int press = 0; press < 2; press++)
        {
            using HttpResponseMessage answer = await HubUnderTest.PostAsync(guard, "/doors/riverside/door-1", form);
            Assert.Equal((HttpStatusCode.SeeOther, "/doors"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        }

        CommandRecord command = Assert.Single((await Desk.ListAsync(new CommandQuery("riverside", "door-1"), PageRequest.First, default)).Items);
        Assert.Equal(("a-guard", "a parcel <b>", form[1].Item2), (command.Order.AskedBy, command.Order.Note, command.Order.Id));
        string parts = await GetAsync(guard, "/doors/parts");
        Assert.Contains("Waiting for the edge", parts, StringComparison.Ordinal);
        Assert.Contains("hx-trigger=\"load delay:5s\"", parts, StringComparison.Ordinal);
        Assert.Contains("asked by a-guard", parts, StringComparison.Ordinal);
        Assert.Contains("a parcel &lt;b&gt;", parts, StringComparison.Ordinal);

        await AnswerAsync(1, new CommandResult(command.Order.Id, CommandOutcome.Done, CommandReason.None, "", seeded.NowMs, true),
            new AccessEvent("opened", "door-1", AccessEventKind.Command, AccessDecision.Granted, AccessReason.Ordered, command.Order.Id, "", seeded.NowMs + 1000, true));
        parts = await GetAsync(guard, "/doors/parts");
        Assert.Contains("hx-swap-oob=\"innerHTML:#door-status\"", parts, StringComparison.Ordinal);
        Assert.StartsWith(" Open · Entrance door: Opened", PageReader.TextOf(parts), StringComparison.Ordinal);
        Assert.Contains("Opened by command · a-guard", PageReader.TextOf(parts), StringComparison.Ordinal);
        Assert.DoesNotContain("load delay", parts, StringComparison.Ordinal);
        Assert.Contains("Opened by command · a-guard", PageReader.TextOf(await GetAsync(guard, "/sites/riverside")), StringComparison.Ordinal);

        // A guard cuts nobody off, and no door opens that the site does not offer.
        Assert.DoesNotContain("/supply/", await GetAsync(guard, "/doors"), StringComparison.Ordinal);
        foreach ((string address, HttpStatusCode status) in ((string, HttpStatusCode)[])
            [("/supply/riverside/meter-1", HttpStatusCode.Forbidden), ("/doors/riverside/lift-1", HttpStatusCode.NotFound), ("/doors/hillside/door-1", HttpStatusCode.NotFound)])
        {
            using HttpResponseMessage refused = await guard.GetAsync(new Uri(address, UriKind.Relative));
            Assert.Equal((address, status), (address, refused.StatusCode));
        }
    }

    [Fact]
    public async Task Engineer_cuts_off_and_restores_on_pages_that_say_what_it_means()
    {
        Hub.Services.GetRequiredService<AuthoritySource>().GetOrCreate();
        using HttpClient engineer = await Hub.BrowserOfRoleAsync(Roles.Engineer);
        string meters = await GetAsync(engineer, "/meters");
        foreach (string choice in (string[])["cut-off", "restore", "permit-restore"])
        {
            Assert.Contains($"href=\"/supply/riverside/meter-1/{choice}\"", meters, StringComparison.Ordinal);
        }

        // Sees who went through which door, and opens none.
        string doors = await GetAsync(engineer, "/doors");
        Assert.Contains("resident-0101", doors, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"/doors/riverside", doors, StringComparison.Ordinal);

        const string CutOff = "/supply/riverside/meter-1/cut-off";
        Assert.Contains("The power goes off at once", await GetAsync(engineer, CutOff), StringComparison.Ordinal);
        using (HttpResponseMessage answer = await HubUnderTest.PostFormAsync(engineer, CutOff, CutOff, ("id", "cut-1"), ("note", "")))
        {
            Assert.Equal((HttpStatusCode.SeeOther, "/supply/riverside/meter-1"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        }

        using (HttpResponseMessage tooSoon = await HubUnderTest.PostFormAsync(engineer, CutOff, "/supply/riverside/meter-1/restore", ("id", "restore-1"), ("note", "")))
        {
            Assert.Equal(HttpStatusCode.Conflict, tooSoon.StatusCode);
            Assert.Contains("An earlier order is not answered yet", await tooSoon.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        CommandOrder order = (await Desk.FindAsync("riverside", "cut-1", default))!.Order;
        Assert.Equal((SwitchPosition.Open, CommandEffect.CutOff, "a-engineer"), (order.Position!.Value, order.Effect, order.AskedBy));
        await AnswerAsync(2, new CommandResult("cut-1", CommandOutcome.Failed, CommandReason.NotInPosition, "the meter did not answer", seeded.NowMs, true));
        string supply = PageReader.TextOf(await GetAsync(engineer, "/supply/riverside/meter-1"));
        Assert.Contains("Cut off · Flat 101 electricity Failed The order was sent, and the device was not read in the ordered position. It was begun, and may have happened: look at the device. the meter did not answer", supply, StringComparison.Ordinal);

        // Each reader's language says why; the edge's own words follow only where they add something.
        Assert.Contains(
            "失败 已向设备发送指令，但未回读到指令要求的状态。 指令已开始执行，可能已生效：请到现场查看设备。 the meter did not answer",
            await Hub.TextOfAsync("/supply/riverside/meter-1", "zh-CN"), StringComparison.Ordinal);
        int before = Restores();
        await OrderAsync(engineer, "restore-2", "restore");
        await AnswerAsync(3, new CommandResult("restore-2", CommandOutcome.Refused, CommandReason.ClockNotSynchronised, "no synchronised clock", seeded.NowMs, true));
        string chinese = await Hub.TextOfAsync("/supply/riverside/meter-1", "zh-CN");
        Assert.Contains("网关时钟未同步", chinese, StringComparison.Ordinal);
        Assert.DoesNotContain("no synchronised clock", chinese, StringComparison.Ordinal);

        // An edge of an older version gives no reason: its own words are all there is.
        await OrderAsync(engineer, "restore-3", "restore");
        await AnswerAsync(4, new CommandResult("restore-3", CommandOutcome.Refused, CommandReason.None, "the meter is being serviced", seeded.NowMs, true));
        Assert.Contains("the meter is being serviced", await Hub.TextOfAsync("/supply/riverside/meter-1", "zh-CN"), StringComparison.Ordinal);
        Assert.InRange(Restores(), before + 2, int.MaxValue);
        foreach (string address in (string[])["/supply/riverside/meter-1/explode", "/supply/riverside/lift-1/cut-off", "/supply/nowhere/meter-1"])
        {
            using HttpResponseMessage none = await engineer.GetAsync(new Uri(address, UriKind.Relative));
            Assert.Equal((address, HttpStatusCode.NotFound), (address, none.StatusCode));
        }
    }

    [Fact]
    public async Task Pages_speak_Chinese()
    {
        Assert.Contains("门禁与道闸", await Hub.TextOfAsync("/doors", "zh-CN"), StringComparison.Ordinal);
        Assert.Contains("打开“单元门”？", await Hub.TextOfAsync("/doors/riverside/door-1", "zh-CN"), StringComparison.Ordinal);
        Assert.Contains("切断供应：101室电表？", await Hub.TextOfAsync("/supply/riverside/meter-1/cut-off", "zh-CN"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_of_a_hub_without_authority_says_what_is_missing()
    {
        await using HubUnderTest bare = await HubUnderTest.StartAsync();
        SiteCatalogue catalogue = new(new LocalText("A", "A"), "UTC", [new CatalogueDevice("d", "gate", "d", new LocalText("D", "D"), [], DeviceCommands.Unlock)], []);
        await bare.Services.GetRequiredService<IEdgeDirectory>().TakeStateAsync(new EdgeState("a", true, 1, "", "", 0, catalogue), default);
        using HttpClient browser = await bare.AdministratorBrowserAsync();
        using HttpResponseMessage answer = await HubUnderTest.PostFormAsync(browser, "/doors/a/d", "/doors/a/d", ("id", "one"), ("note", ""));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("iotp-hub edge invite", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using HttpResponseMessage unsigned = await HubUnderTest.PostAsync(browser, "/doors/a/d", ("id", "one"), ("note", ""));
        Assert.Equal(HttpStatusCode.BadRequest, unsigned.StatusCode);
    }

    /// <summary>Other tests of the process count along.</summary>
    private int Restores() => Hub.Services.GetRequiredService<MetricsText>().Render().Split('\n')
        .Where(line => line.StartsWith("iotp_commands_ordered_total{effect=\"restore\"} ", StringComparison.Ordinal))
        .Select(line => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)).SingleOrDefault();

    private async Task OrderAsync(HttpClient engineer, string id, string choice)
    {
        string address = $"/supply/riverside/meter-1/{choice}";
        using HttpResponseMessage answer = await HubUnderTest.PostFormAsync(engineer, address, address, ("id", id), ("note", ""));
        Assert.Equal((id, HttpStatusCode.SeeOther), (id, answer.StatusCode));
    }

    private static Task<string> GetAsync(HttpClient browser, string address) => browser.GetStringAsync(new Uri(address, UriKind.Relative));

    private async Task AnswerAsync(long sequence, CommandResult result, params AccessEvent[] events)
    {
        Batch batch = new() { Key = new BatchKey(SeededHub.Site, 8, Lane.Event, sequence), CommandResults = [result], AccessEvents = [.. events] };
        Assert.Equal(CommitOutcome.Committed, (await Hub.Services.GetRequiredService<IEventLedger>().CommitAsync(batch, new byte[16], default)).Outcome);
    }

    [GeneratedRegex("name=\"id\" value=\"([0-9a-f]{32})\"")]
    private static partial Regex CommandId();
}
