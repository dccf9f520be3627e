using IotProperty.Simulators.Control;
using IotProperty.Simulators.Scenarios.Checks;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Scenarios;

/// <summary>Lets the demo live for a person who watches: something breaks now and then, somebody mends it, and the terminal tells what happens.</summary>
public sealed class DemoStory(DemoRig rig, TextWriter output)
{
    /// <summary>What breaks, in turn: the fault, how long it lasts, and what to look at.</summary>
    private static readonly (string Device, string Fault, double LastsS, string Told)[] Episodes =
    [
        ("pump-1", "pressure-low", 25, "The fire main bursts: pressure falls below 0.35 MPa. Watch the alarm page; a work order goes to the fire technician."),
        ("lift-1", "overspeed", 30, "Lift 1 runs at 130 % of its rated speed."),
        ("meter-3", "dead", 20, "The electricity meter of flat 301 stops answering; its neighbours are read as before."),
        ("lift-power", "late", 20, "The lifts' electricity meter answers late; its line discards what comes too late and reads the others."),
        ("lift-2", "entrapment", 30, "Lift 2 stops between two floors with a passenger inside."),
        ("utilities", "noise", 20, "Stray bytes on the line of the water, gas and heat meters; they are read all the same."),
        ("door-1", "forced", 15, "The entrance door is forced open."),
        ("pump-1", "leak", 40, "The fire main leaks: the jockey pump starts far too often."),
    ];

    private const int BilledFlat = 1;
    private const double QuietS = 20;
    private const double LineS = 5;

    /// <summary>Runs until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await output.WriteLineAsync("Starting simulator, hub and edge …");
        (CheckContext context, TimeSpan firstSample) = await DemoStart.RunAsync(rig, cancellationToken);
        await output.WriteLineAsync($"The edge's first sample was at the hub {DemoStart.Seconds(firstSample)} s after its start.");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"  {rig.Url}   user {rig.User}   password {rig.Password}");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"{rig.Url}doors lets you open the entrance door and the gate. Ctrl-C ends all three programs.");
        await NarrateAsync(QuietS, cancellationToken);
        HubInvoice invoice = await DemoInvoice.IssueAsync(context, BilledFlat, DemoRig.Now, cancellationToken);
        await output.WriteLineAsync($"{Clock()}  * Flat {BilledFlat}01 is billed for the year so far: {invoice.Total} CNY. {rig.Url}invoices/{invoice.Id} explains every step.");
        for (int i = 0; ; i = (i + 1) % Episodes.Length)
        {
            (string device, string fault, double lastsS, string told) = Episodes[i];
            await output.WriteLineAsync($"{Clock()}  ! {told}");
            await rig.Control.DoAsync(new ControlRequest { Op = "fault", Device = device, Fault = fault }, cancellationToken);
            await NarrateAsync(lastsS, cancellationToken);
            await rig.Control.DoAsync(new ControlRequest { Op = "clear", Device = device }, cancellationToken);
            await output.WriteLineAsync($"{Clock()}  . {device} is mended.");
            await NarrateAsync(QuietS, cancellationToken);
        }
    }

    private async Task NarrateAsync(double seconds, CancellationToken cancellationToken)
    {
        for (double passed = 0; passed < seconds; passed += LineS)
        {
            await CheckContext.PauseAsync(LineS, cancellationToken);
            await output.WriteLineAsync($"{Clock()}    {await DescribeAsync(cancellationToken)}");
        }
    }

    private async Task<string> DescribeAsync(CancellationToken cancellationToken)
    {
        SimulatorStatus status = (await rig.Control.ListAsync<SimulatorStatus>(new ControlRequest { Op = "status" }, cancellationToken)).Single();
        DeviceStatus Device(string id) => status.Devices.Single(d => d.Id == id);
        string Lift(int n) => $"lift {n} floor {Device($"lift-{n}").Registers["floor"]} {DirectionOf(Device($"lift-{n}").Registers["direction"])}";
        double kwh = Enumerable.Range(1, Building.FlatCount).Sum(n => Device($"meter-{n}").Registers["energy"]) / 100.0;
        long samples = await rig.SampleCountAsync(cancellationToken);
        int alarms = (await rig.Api.ListAsync<HubAlarm>($"alarms?site={DemoSite.Id}", cancellationToken)).Count;
        return string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{Lift(1)}, {Lift(2)}, fire main {Device("pump-1").Registers["pressure"] / 1000.0:F3} MPa, meters {kwh:F1} kWh; at the hub {samples} samples, alarms that want attention: {alarms}");
    }

    private static string DirectionOf(long direction) => direction switch
    {
        > 0 => "up",
        < 0 => "down",
        _ => "stands",
    };

    private static string Clock() => DemoRig.Now.ToLocalTime().ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);
}
