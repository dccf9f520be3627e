using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using IotProperty.Simulators.Control;

namespace IotProperty.Simulators.CommandLine;

/// <summary><c>iotp-sim ledger</c>: what a register really showed.</summary>
internal static class LedgerCommand
{
    public static Command Create()
    {
        Argument<string?> device = new("device") { Description = "For instance pump-1; without one, whole reads of all devices", Arity = ArgumentArity.ZeroOrOne };
        Argument<string?> register = new("register") { Description = "For instance pressure, or an item of a meter such as energy", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> line = new("--line") { Description = "Only reads of this line, when no device is named", HelpName = "LINE" };
        Option<long?> from = new("--from-ms") { Description = "From this time on, milliseconds since 1970 UTC", HelpName = "MS" };
        Option<long?> to = new("--to-ms") { Description = "Before this time", HelpName = "MS" };
        Option<string> control = ControlOptions.Control();
        Option<bool> json = ControlOptions.Json();
        Command command = new("ledger", "List what was really shown to masters, read by read") { device, register, line, from, to, control, json };
        command.SetAction((parsed, cancellationToken) => SimulatorCommands.GuardAsync(() =>
        {
            if ((parsed.GetValue(device) is null) != (parsed.GetValue(register) is null))
            {
                throw new UsageException($"name a register of {parsed.GetValue(device)} as well; 'iotp-sim status' lists them");
            }

            return ControlOptions.AskAsync(
                parsed.GetRequiredValue(control),
                new ControlRequest
                {
                    Op = "ledger",
                    Device = parsed.GetValue(device),
                    Register = parsed.GetValue(register),
                    Line = parsed.GetValue(line),
                    FromMs = parsed.GetValue(from),
                    ToMs = parsed.GetValue(to),
                },
                item => Console.WriteLine(parsed.GetValue(json) ? item : Describe(item)),
                reply => parsed.GetValue(json) ? null : $"{reply.Items} reads",
                cancellationToken);
        }));
        return command;
    }

    private static string Describe(string item)
    {
        JsonElement read = JsonDocument.Parse(item).RootElement;
        string time = DateTimeOffset.FromUnixTimeMilliseconds(read.GetProperty("timeMs").GetInt64()).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        return read.TryGetProperty("raw", out JsonElement value) || read.TryGetProperty("value", out value)
            ? $"{time} {value}"
            : $"{time} {read.GetProperty("line")} unit {read.GetProperty("unit")} {read.GetProperty("table")} {read.GetProperty("address")}: {read.GetProperty("values")}";
    }
}
