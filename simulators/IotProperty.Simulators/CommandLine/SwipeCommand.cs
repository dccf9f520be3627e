using System.CommandLine;
using System.Text.Json;
using IotProperty.Simulators.Control;

namespace IotProperty.Simulators.CommandLine;

/// <summary><c>iotp-sim swipe</c>.</summary>
internal static class SwipeCommand
{
    public static Command Create()
    {
        Argument<string> device = new("device") { Description = "door-1 or gate-1" };
        Argument<string> card = new("card") { Description = "The card's or tag's number, digits only" };
        Option<string> control = ControlOptions.Control();
        Option<bool> json = ControlOptions.Json();
        Command command = new("swipe", "Present a card at a reader") { device, card, control, json };
        command.SetAction((parsed, cancellationToken) => SimulatorCommands.GuardAsync(() => ControlOptions.AskAsync(
            parsed.GetRequiredValue(control),
            new ControlRequest { Op = "swipe", Device = parsed.GetValue(device), Card = parsed.GetValue(card) },
            null,
            reply => parsed.GetValue(json) ? JsonSerializer.Serialize(reply, ControlJson.Options) : $"{parsed.GetValue(device)}: the card was presented",
            cancellationToken)));
        return command;
    }
}
