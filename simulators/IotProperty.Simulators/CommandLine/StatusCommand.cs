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

    private static string Describe(string line)
    {
        SimulatorStatus status = JsonSerializer.Deserialize<SimulatorStatus>(line, ControlJson.Options) ?? throw new IOException("an empty status");
        List<string> lines =
        [
            $"seed {status.Seed}, {status.TimeOfDay} in the building, speed {status.Speed}, meter speed {status.MeterSpeed}, {status.ReadsServed} reads served",
        ];
        lines.AddRange(status.Lines.Select(l => $"line {l.Key} at {l.Value}"));
        foreach (DeviceStatus device in status.Devices)
        {
            lines.Add($"{device.Id} ({device.Kind}, {device.Line} unit {device.Unit}): {string.Join(' ', device.Registers.Select(r => $"{r.Key}={r.Value}"))}");
            lines.Add($"  broken: {(device.Faults.Count == 0 ? "nothing" : string.Join(", ", device.Faults))}; could be: {string.Join(", ", device.PossibleFaults)}");
        }

        return string.Join('\n', lines);
    }
}
