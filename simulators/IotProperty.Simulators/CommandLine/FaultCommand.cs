using System.CommandLine;
using System.Text.Json;
using IotProperty.Simulators.Control;

namespace IotProperty.Simulators.CommandLine;

/// <summary><c>iotp-sim fault</c> and <c>iotp-sim clear</c>.</summary>
internal static class FaultCommand
{
    public static Command CreateFault()
    {
        Argument<string> device = new("device") { Description = "For instance pump-1, lift-1, meter-3, lift-power, door-1, or a serial line: power, utilities, heat, sensors" };
        Argument<string> fault = new("fault") { Description = "For instance pressure-low, overspeed, dead; 'iotp-sim status' lists them" };
        Option<string> control = ControlOptions.Control();
        Option<bool> json = ControlOptions.Json();
        Command command = new("fault", "Break something while the simulator runs") { device, fault, control, json };
        command.SetAction((parsed, cancellationToken) => SimulatorCommands.GuardAsync(() => ControlOptions.AskAsync(
            parsed.GetRequiredValue(control),
            new ControlRequest { Op = "fault", Device = parsed.GetValue(device), Fault = parsed.GetValue(fault) },
            null,
            reply => parsed.GetValue(json) ? JsonSerializer.Serialize(reply, ControlJson.Options) : $"{parsed.GetValue(device)}: {parsed.GetValue(fault)} is set",
            cancellationToken)));
        return command;
    }

    public static Command CreateClear()
    {
        Argument<string?> device = new("device") { Description = "The device or serial line; without one, everything is mended", Arity = ArgumentArity.ZeroOrOne };
        Argument<string?> fault = new("fault") { Description = "The fault; without one, all of the device's", Arity = ArgumentArity.ZeroOrOne };
        Option<string> control = ControlOptions.Control();
        Option<bool> json = ControlOptions.Json();
        Command command = new("clear", "Mend what 'fault' broke") { device, fault, control, json };
        command.SetAction((parsed, cancellationToken) => SimulatorCommands.GuardAsync(() => ControlOptions.AskAsync(
            parsed.GetRequiredValue(control),
            new ControlRequest { Op = "clear", Device = parsed.GetValue(device), Fault = parsed.GetValue(fault) },
            null,
            reply => parsed.GetValue(json)
                ? JsonSerializer.Serialize(reply, ControlJson.Options)
                : $"{parsed.GetValue(device) ?? "all devices"}: {parsed.GetValue(fault) ?? "every fault"} is cleared",
            cancellationToken)));
        return command;
    }
}
