using System.CommandLine;
using System.Text.Json;
using IotProperty.Simulators.Control;

namespace IotProperty.Simulators.CommandLine;

/// <summary><c>iotp-sim status</c>.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        Option<string> control = ControlOptions.Control();
        Option<bool> json = ControlOptions.Json();
        Command command = new("status", "Show the devices, their registers and what can be broken") { control, json };
        command.SetAction((parsed, cancellationToken) => SimulatorCommands.GuardAsync(() => ControlOptions.AskAsync(
            parsed.GetRequiredValue(control),
            new ControlRequest { Op = "status" },
            line => Console.WriteLine(parsed.GetValue(json) ? line : Describe(line)),
            _ => null,
            cancellationToken)));
        return command;
    }

    private static string Describe(string json)
    {
        SimulatorStatus status = JsonSerializer.Deserialize<SimulatorStatus>(json, ControlJson.Options) ?? throw new IOException("an empty status");
        List<string> lines =
        [
            $"seed {status.Seed}, {status.TimeOfDay} in the building, speed {status.Speed}, meter speed {status.MeterSpeed}, {status.ReadsServed} reads served",
        ];
        lines.AddRange(status.Lines.Select(l => $"line {l.Key} at {l.Value}"));
        foreach (LineStatus line in status.SerialLines)
        {
            lines.Add($"{line.Id} (serial line, {line.Settings}): {line.Requests} requests, {line.Replies} replies, {line.Collisions} collided characters");
            lines.Add(Faults(line.Faults, line.PossibleFaults));
        }

        foreach (DeviceStatus device in status.Devices)
        {
            IEnumerable<string> values = device.Items is null ? device.Registers.Select(r => $"{r.Key}={r.Value}") : device.Items.Select(i => $"{i.Key}={i.Value}");
            lines.Add($"{device.Id} ({device.Kind}, {device.Line} {device.Address}): {string.Join(' ', values)}");
            lines.Add(Faults(device.Faults, device.PossibleFaults));
        }

        return string.Join('\n', lines);
    }

    private static string Faults(IReadOnlyCollection<string> active, IReadOnlyList<string> possible) =>
        $"  broken: {(active.Count == 0 ? "nothing" : string.Join(", ", active))}; could be: {string.Join(", ", possible)}";
}
