using IotProperty.Edge.Commands.Bus;
using IotProperty.Edge.Drivers;
using IotProperty.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Commands.Scanning;

/// <summary>
/// <c>iotp-edge scan</c>: finds the units of one protocol on a line. Only asks, never writes. Never beside a running edge: the line's lock says who has it. A
/// stop ends it at once, with what was found so far.
/// </summary>
internal static class ScanCommand
{
    public const string ModbusTcp = "modbus-tcp";

    /// <summary>A port of a TCP endpoint has no speed of its own.</summary>
    private const int NoWire = SerialSettings.HighestBaud;

    private const int GapMs = 60;
    private const int RemoteGapMs = 150;
    private const int RecoveryMs = 30;

    /// <summary>Silence in front of each request; enough for every protocol here but the slowest rates.</summary>
    private const int SilenceMs = 5;

    private const double SilentCharacters = 3.5;

    /// <summary>By protocol: the time-out of a unit, and the addresses from which to which it is searched.</summary>
    private static readonly Dictionary<string, (int TimeoutMs, int From, int To, int Least, int Most)> Usual = new()
    {
        ["modbus"] = (200, 1, 247, 1, 247),
        [ModbusTcp] = (1_000, 1, 247, 0, 255),
        ["dlt645"] = (600, 0, 0, 0, 0),
        ["cjt188"] = (600, 0, 0, 0, 0),
        ["mbus"] = (300, 1, 250, 0, 250),
    };

    /// <summary>What <c>--protocol</c> takes.</summary>
    public static IReadOnlyList<string> Protocols { get; } = ["modbus", "dlt645", "cjt188", "mbus"];

    /// <summary>A Modbus TCP endpoint as a line; null, and why, when the text is none.</summary>
    /// <param name="protocol">What the installer wants to find there; null for what there is.</param>
    public static BusPlace? TcpEndpoint(string text, string? protocol, out string why)
    {
        HostPort? endpoint = HostPort.Parse(text);
        why = (endpoint, protocol) switch
        {
            (null, _) => $"--modbus-tcp {text}: write HOST:PORT, such as 192.168.1.7:502.",
            (_, null or "modbus") => "",
            _ => $"--modbus-tcp carries modbus, not {protocol}; a raw serial server is --tcp.",
        };
        return why.Length == 0 ? new BusPlace(null, endpoint!.Value.Host, endpoint.Value.Port, new SerialSettings(NoWire), Echo: false) : null;
    }

    /// <param name="from">Null for the protocol's first address; likewise <paramref name="to"/>.</param>
    /// <param name="timeoutMs">How long a unit may take; null for what the protocol allows.</param>
    /// <param name="isTerminal">Whether <paramref name="error"/> is looked at by somebody.</param>
    public static async Task<int> RunAsync(
        BusPlace bus, string protocol, int? from, int? to, int? timeoutMs, bool json, bool isTerminal, TextWriter output, TextWriter error, CancellationToken stop)
    {
        (int usualTimeoutMs, int first, int last, int least, int most) = Usual[protocol];
        (first, last) = (from ?? first, to ?? last);
        if (first < least || last > most || first > last)
        {
            await error.WriteLineAsync(most == 0 ? $"{protocol} has no units to go through; leave --from and --to out" : $"--from and --to of {protocol}: write numbers from {least} to {most}, the lower one first");
            return EdgeCommandLine.BadInput;
        }

        using LineLock? mine = LineLock.TryTake(bus.Line, out string why);
        if (mine is null)
        {
            await error.WriteLineAsync(why);
            return EdgeCommandLine.Failed;
        }

        ILineSearch search = protocol switch
        {
            "dlt645" => new WildcardSearch(new Dlt645Questions()),
            "cjt188" => new WildcardSearch(new Cjt188Questions()),
            "mbus" => new MBusSearch(first, last),
            _ => new ModbusSearch(first, last, isTcp: protocol == ModbusTcp),
        };
        string? broken = await ScanProgress.ShowAsync(
            error, isTerminal, progress => SearchAsync(bus, search, TimeSpan.FromMilliseconds(timeoutMs ?? usualTimeoutMs), progress, stop));
        if (json)
        {
            await output.WriteLineAsync(ScanReport.Json(search, bus.Line));
        }
        else
        {
            ScanReport.Print(search, bus.Line, output, error);
        }

        if (broken is not null)
        {
            await error.WriteLineAsync(broken);
        }

        return search.IsOver ? EdgeCommandLine.Ok : EdgeCommandLine.Failed;
    }

    /// <returns>Why the line broke; null when it did not.</returns>
    private static async Task<string?> SearchAsync(BusPlace bus, ILineSearch search, TimeSpan timeout, Action<double, string> progress, CancellationToken stop)
    {
        TimeProvider time = TimeProvider.System;
        BusLineOptions options = new(bus.Line, bus.Settings.Baud, bus.Settings.BitsPerCharacter) { Timeout = timeout };
        BusTiming timing = Timing(bus);
        ScanExchange exchange = new();

        // A search ends at its first broken channel, so there is never a pause for the jitter to lengthen.
        await using BusLine line = new(options, token => bus.OpenAsync(time, token), time, new Random(1), NullLogger<BusLine>.Instance);
        try
        {
            while (!search.IsOver)
            {
                progress(search.Progress, search.Asking);
                exchange.Begin(search.Outgoing, search.MaxReplyBytes);
                BusReply reply = await line.ExchangeAsync(exchange, timing, stop);
                if (reply.Outcome == BusOutcome.LineDown)
                {
                    return reply.Detail;
                }

                search.Heard(exchange.Heard);
            }

            progress(search.Progress, "done");
            return null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private static BusTiming Timing(BusPlace bus)
    {
        TimeSpan characters = BusTiming.Characters(SilentCharacters, bus.Settings.Baud, bus.Settings.BitsPerCharacter);
        TimeSpan least = TimeSpan.FromMilliseconds(SilenceMs);
        return new BusTiming
        {
            Silence = characters > least ? characters : least,
            Recovery = TimeSpan.FromMilliseconds(RecoveryMs),
            Gap = TimeSpan.FromMilliseconds(bus.Host is null ? GapMs : RemoteGapMs),
        };
    }
}
