using System.CommandLine;
using System.Globalization;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Ledger;

namespace IotProperty.Simulators.CommandLine;

/// <summary><c>iotp-sim events</c>: swipes, unlocks, openings, faults.</summary>
internal static class EventsCommand
{
    public static Command Create()
    {
        Option<long?> from = new("--from-ms") { Description = "From this time on, milliseconds since 1970 UTC", HelpName = "MS" };
        Option<string> control = ControlOptions.Control();
        Option<bool> json = ControlOptions.Json();
        Command command = new("events", "List swipes, unlocks, openings and faults with their times") { from, control, json };
        command.SetAction((parsed, cancellationToken) => SimulatorCommands.GuardAsync(() => ControlOptions.AskAsync(
            parsed.GetRequiredValue(control),
            new ControlRequest { Op = "events", FromMs = parsed.GetValue(from) },
            item => Console.WriteLine(parsed.GetValue(json) ? item : Describe(EventJournal.Decode(item))),
            _ => null,
            cancellationToken)));
        return command;
    }

    private static string Describe(JournalEntry entry)
    {
        string time = DateTimeOffset.FromUnixTimeMilliseconds(entry.TimeMs).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        return $"{time} {entry.Device} {entry.Kind} {entry.Detail}".TrimEnd();
    }
}
