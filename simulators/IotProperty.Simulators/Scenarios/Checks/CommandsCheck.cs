using System.Net;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Scenarios.Checks;

/// <summary>What the hub orders happens at the door, once, and its result comes back; what the site does not allow does not happen.</summary>
public static class CommandsCheck
{
    private const string Gate = "gate-1";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task<string> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        await OrderAsync(context, "demo-gate-1", new { id = "demo-gate-1", device = Gate, action = "unlock", note = "a van with a delivery" }, "done", cancellationToken);
        await context.Rig.Control.DoAsync(new ControlRequest { Op = "fault", Device = Gate, Fault = "lock-stuck" }, cancellationToken);
        HubCommand stuck = await OrderAsync(context, "demo-gate-2", new { id = "demo-gate-2", device = Gate, action = "unlock" }, "failed", cancellationToken);
        await context.Rig.Control.DoAsync(new ControlRequest { Op = "clear", Device = Gate }, cancellationToken);
        HttpStatusCode refused = await context.Rig.Api.RefusedAsync(Path, new { device = "lift-1", action = "unlock" }, cancellationToken);

        // Last, so that a second pulse would have had its time. Others drive through meanwhile, each with a card of their own.
        HubCommand again = await context.Rig.Api.GetAsync<HubCommand>($"{Path}/demo-gate-1", cancellationToken);
        IReadOnlyList<HubAccessEvent> events = await context.Rig.Api.ListAsync<HubAccessEvent>($"access-events?site={DemoSite.Id}", cancellationToken);
        int told = events.Count(e => e is { Device: Gate, Kind: "command", Credential: "demo-gate-1" });
        IReadOnlyList<JournalEntry> journal = await context.Rig.Control.ListAsync<JournalEntry>(new ControlRequest { Op = "events" }, cancellationToken);
        int pulses = journal.Count(e => e.Kind == WorldEventKind.Unlock && e.Device == Gate);
        int cards = journal.Count(e => e.Kind == WorldEventKind.Swipe && e.Device == Gate);
        if (told != 1 || again.State != "done" || pulses < 1 || pulses > 1 + cards)
        {
            throw new ScenarioException($"the gate was unlocked {pulses} times with {cards} cards, {told} events tell of the command, which is {again.State}");
        }

        // The edge counts an answer when it has stored it, which may be a moment after the hub has it.
        await CheckContext.UntilAsync(
            "the edge's count of one command done and one failed",
            Patience,
            async () => await context.Rig.EdgeMetricsAsync(cancellationToken) is var edge && Counted(edge, "done") == 1 && Counted(edge, "failed") == 1 ? edge : null,
            cancellationToken);
        return $"the gate was opened once by the hub's command; with a stuck lock it failed ({stuck.Result?.Reason}: {stuck.Result?.Detail}); for a lift it was refused ({(int)refused})";
    }

    private static double Counted(ProgramMetrics edge, string outcome) => edge["iotp_edge_commands_total", ("outcome", outcome)];

    private static string Path => $"sites/{DemoSite.Id}/commands";

    private static async Task<HubCommand> OrderAsync(CheckContext context, string id, object order, string expected, CancellationToken cancellationToken)
    {
        await context.Rig.Api.PostAsync<HubCommand>(Path, order, cancellationToken);
        HubCommand ended = await CheckContext.UntilAsync(
            $"the result of command {id}",
            Patience,
            async () => await context.Rig.Api.GetAsync<HubCommand>($"{Path}/{id}", cancellationToken) is { State: not "waiting" } known ? known : null,
            cancellationToken);
        return ended.State == expected ? ended : throw new ScenarioException($"command {id} should be {expected} and is {ended.State}: {ended.Result?.Detail}");
    }
}
