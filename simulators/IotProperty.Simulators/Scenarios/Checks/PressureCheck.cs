using IotProperty.Simulators.Control;
using IotProperty.Simulators.Scenarios.Hub;

namespace IotProperty.Simulators.Scenarios.Checks;

/// <summary>Check 2: a falling fire-main pressure is an alarm at the edge, at the hub and on the page, and one work order for the right technician.</summary>
public static class PressureCheck
{
    public const string Rule = "fire-pump-pressure-low";

    /// <summary>0.35 MPa, as the register shows it.</summary>
    private const int AlarmKpa = 350;

    public static async Task<string> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        using HubBrowser browser = new(context.Rig.Http);
        await browser.LogInAsync(context.Rig.User, context.Rig.Password, cancellationToken);
        if (AlarmPage.Shows(await browser.PageAsync(AlarmPage.Path, cancellationToken)))
        {
            throw new ScenarioException("the alarm page shows the alarm before its cause");
        }

        using CancellationTokenSource watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using Stream live = await context.Rig.Api.OpenLiveAsync(watching.Token);
        Task<long> onPage = WatchPageAsync(live, browser, watching.Token);
        Task<ControlReply> changed = context.Rig.Control.DoAsync(
            new ControlRequest { Op = "await", Device = "pump-1", Register = "pressure", Below = AlarmKpa + 1, TimeoutMs = 20_000 }, cancellationToken);
        await context.Rig.Control.DoAsync(new ControlRequest { Op = "fault", Device = "pump-1", Fault = "pressure-low" }, cancellationToken);
        long changedMs = (await changed).TimeMs;
        long pageMs = await onPage.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, cancellationToken);
        await watching.CancelAsync();

        HubAlarm alarm = (await context.Rig.Api.ListAsync<HubAlarm>($"alarms?site={DemoSite.Id}", cancellationToken)).Single(a => a.Rule == Rule);
        HubWorkOrder order = await CheckContext.UntilAsync(
            "an assigned work order for the alarm",
            TimeSpan.FromSeconds(5),
            async () => (await OrdersAsync(context, cancellationToken)).SingleOrDefault(o => o.Technician is not null),
            cancellationToken);
        if (order.Technician != context.Seeded.FireTechnician)
        {
            throw new ScenarioException($"the work order went to technician {order.Technician}, not to {context.Seeded.FireTechnician}, who can do fire protection");
        }

        await ClearAsync(context, cancellationToken);
        return $"{pageMs - changedMs} ms from register change to page (on-delay 500 ms and poll included); alarm {alarm.Id}, one work order, assigned by skill";
    }

    /// <summary>The work orders of this cause: one, however often the pressure falls.</summary>
    public static async Task<IReadOnlyList<HubWorkOrder>> OrdersAsync(CheckContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        IReadOnlyList<HubWorkOrder> orders = await context.Rig.Api.ListAsync<HubWorkOrder>($"work-orders?site={DemoSite.Id}", cancellationToken);
        return [.. orders.Where(o => o.Cause == $"alarm:{Rule}:pump-1/pressure")];
    }

    /// <summary>Mends the main and waits until the alarm has returned to normal.</summary>
    public static async Task ClearAsync(CheckContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        await context.Rig.Control.DoAsync(new ControlRequest { Op = "clear", Device = "pump-1" }, cancellationToken);
        await CheckContext.UntilAsync(
            "the alarm's return to normal",
            TimeSpan.FromSeconds(20),
            async () => (await context.Rig.Api.ListAsync<HubAlarm>($"alarms?site={DemoSite.Id}&state=all", cancellationToken))
                .Where(a => a.Rule == Rule).All(a => a.Level == "normal") ? "" : null,
            cancellationToken);
    }

    /// <summary>Fetches the list at each live event, as the open page does, until it shows the alarm; answers when.</summary>
    private static async Task<long> WatchPageAsync(Stream live, HubBrowser browser, CancellationToken cancellationToken)
    {
        await foreach (LiveMessage message in LiveEvents.ReadAsync(live, cancellationToken))
        {
            if (message.Name == "alarm" && AlarmPage.Shows(await browser.PageAsync(AlarmPage.RowsPath, cancellationToken)))
            {
                return DemoRig.Now.ToUnixTimeMilliseconds();
            }
        }

        throw new ScenarioException("the live stream ended before the alarm was on the page");
    }
}
