using System.Globalization;
using System.Text.Json;
using IotProperty.Edge.Commands.Decoding;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Drivers.MBus;
using IotProperty.Edge.Points;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.MBus;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Commands.Probing;

/// <summary><c>iotp-edge probe</c>: reads a device once, as the daemon would, and shows what came of each request.</summary>
internal static class ProbeCommand
{
    public static async Task<int> RunAsync(ProbeTarget target, bool json, TextWriter output, TextWriter error, CancellationToken stop)
    {
        try
        {
            return target.WholeReadout
                ? await ReadOutAsync(target, json, output, error, stop)
                : await ReadPointsAsync(target, json, output, error, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await error.WriteLineAsync("Broken off.");
            return EdgeCommandLine.Failed;
        }
    }

    private static async Task<int> ReadPointsAsync(ProbeTarget target, bool json, TextWriter output, TextWriter error, CancellationToken stop)
    {
        TimeProvider time = TimeProvider.System;
        await using ILineDriver driver = LineDrivers.Open(target.Line, Path.GetTempPath(), time, new Random(0), NullLoggerFactory.Instance);
        BlockValues values = new();
        bool anything = false;
        foreach (ReadBlock block in ReadPlanner.Plan(target.Device.Profile))
        {
            long start = time.GetTimestamp();
            DriverReply reply = await driver.ReadAsync(target.Device, block, values, stop);
            double milliseconds = Math.Round(time.GetElapsedTime(start).TotalMilliseconds, 1);
            anything |= reply.Outcome == DriverOutcome.Ok;
            if (json)
            {
                output.WriteLine(SiteReport.Json(writer => Write(writer, target.Device, block, reply, values, milliseconds)));
            }
            else
            {
                Print(target.Device, block, reply, values, milliseconds, output, error);
            }
        }

        return anything ? EdgeCommandLine.Ok : EdgeCommandLine.Failed;
    }

    private static void Print(DeviceConfiguration device, ReadBlock block, DriverReply reply, BlockValues values, double milliseconds, TextWriter output, TextWriter error)
    {
        if (reply.Outcome != DriverOutcome.Ok)
        {
            error.WriteLine($"{block}: {Word(reply.Outcome)}: {reply.Detail}");
            return;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{block}: answered within {milliseconds} ms"));
        foreach (PlannedPoint planned in block.Points)
        {
            PointDefinition point = device.Profile.Points[planned.Index];
            output.WriteLine($"  {point.Id,-28} {Value(point, block, planned, values) ?? "not available"} {point.Unit}".TrimEnd());
        }
    }

    private static void Write(Utf8JsonWriter writer, DeviceConfiguration device, ReadBlock block, DriverReply reply, BlockValues values, double milliseconds)
    {
        writer.WriteString("device", device.Id);
        writer.WriteString("request", block.ToString());
        writer.WriteString("outcome", Word(reply.Outcome));
        writer.WriteNumber("ms", milliseconds);
        if (reply.Outcome != DriverOutcome.Ok)
        {
            writer.WriteString("detail", reply.Detail);
            return;
        }

        writer.WriteStartArray("points");
        foreach (PlannedPoint planned in block.Points)
        {
            PointDefinition point = device.Profile.Points[planned.Index];
            writer.WriteStartObject();
            writer.WriteString("id", point.Id);
            writer.WriteString("value", Value(point, block, planned, values));
            writer.WriteString("unit", point.Unit);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>The value exactly as the device sent it; null where it sent none.</summary>
    private static string? Value(PointDefinition point, ReadBlock block, PlannedPoint planned, BlockValues values) => block switch
    {
        RegisterBlock { IsBits: true } => values.Bits[planned.Offset] ? "1" : "0",
        RegisterBlock when point.Place.IsText => PointDecoder.DecodeText(point, values.Registers.AsSpan(planned.Offset)),
        RegisterBlock => PointDecoder.DecodeExact(point, values.Registers.AsSpan(planned.Offset))?.ToString(CultureInfo.InvariantCulture),
        _ => PointDecoder.DecodeExact(point, values.Items(block.Points.Length)[planned.Offset])?.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>All telegrams of an M-Bus meter, record by record.</summary>
    private static async Task<int> ReadOutAsync(ProbeTarget target, bool json, TextWriter output, TextWriter error, CancellationToken stop)
    {
        TimeProvider time = TimeProvider.System;
        using BusPort port = new(target.Line.Transport, time);
        BusLineOptions options = port.Options(target.Line.Id, TimeSpan.FromMilliseconds(target.Line.TimeoutMs));
        await using BusLine line = new(options, port.OpenAsync, time, new Random(0), NullLogger<BusLine>.Instance);
        MBusProtocol protocol = new(options, port.IsRemote, new ItemMistakes(NullLogger.Instance));
        if (protocol.BeginRead(target.Device, new ItemBlock(MBusItems.Readout, [])) is { } why)
        {
            await error.WriteLineAsync(why);
            return EdgeCommandLine.BadInput;
        }

        BusReply reply = await line.ExchangeAsync(protocol.Session, protocol.Timing(target.Device), stop);
        MBusMasterSession session = (MBusMasterSession)protocol.Session;
        for (int i = 0; i < session.Telegrams; i++)
        {
            PrintTelegram(DecodeCommand.Explain("mbus", session.TelegramFrame(i), FrameDirection.Response), json, output);
        }

        if (reply.Outcome != BusOutcome.Answered)
        {
            await error.WriteLineAsync($"{target.Device.Id}: {reply.Detail}");
        }

        return session.Telegrams > 0 ? EdgeCommandLine.Ok : EdgeCommandLine.Failed;
    }

    private static void PrintTelegram(JsonElement telegram, bool json, TextWriter output)
    {
        if (json)
        {
            output.WriteLine(telegram.GetRawText());
            return;
        }

        foreach (JsonProperty field in telegram.EnumerateObject().Where(field => field.Value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object)))
        {
            output.WriteLine($"{field.Name,-18} {field.Value}");
        }

        if (telegram.TryGetProperty("records", out JsonElement records))
        {
            foreach (JsonElement record in records.EnumerateArray())
            {
                output.WriteLine("  " + string.Join("  ", Shown.Where(name => record.TryGetProperty(name, out _)).Select(name => $"{name}={record.GetProperty(name)}")));
            }
        }
    }

    /// <summary>What tells one record from another, and what it says.</summary>
    private static readonly string[] Shown = ["quantity", "value", "unit", "function", "storage", "tariff", "subunit"];

    private static string Word(DriverOutcome outcome) => outcome switch
    {
        DriverOutcome.Ok => "answered",
        DriverOutcome.TimedOut => "no answer",
        DriverOutcome.DeviceException => "refused",
        DriverOutcome.NoSuchData => "no such data",
        DriverOutcome.LineDown => "line down",
        DriverOutcome.Malformed => "no sound answer",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "not an outcome"),
    };
}
