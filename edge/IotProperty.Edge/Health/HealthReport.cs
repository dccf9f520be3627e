using System.Globalization;
using System.Text.Json;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Uplink;

namespace IotProperty.Edge.Health;

/// <summary>
/// The document of <c>/healthz</c>. The edge is healthy while every line's task and the store run. A device that does not answer, a line that is down and a
/// hub that is away are told, but are no reason to restart the edge.
/// </summary>
public static class HealthReport
{
    /// <summary>Writes the document; false when the edge is not healthy.</summary>
    public static bool Write(EdgeParts parts, Utf8JsonWriter json)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentNullException.ThrowIfNull(json);
        string[] problems =
        [
            .. parts.Lines.Where(line => line.HasEnded).Select(line => $"the task of line {line.Line.Id} has ended"),
            .. parts.StoreRuns() ? Array.Empty<string>() : ["the store has ended"],
        ];
        json.WriteStartObject();
        json.WriteString("status", problems.Length == 0 ? "ok" : "failed");
        json.WriteString("site", parts.Site.Id);
        json.WriteString("version", parts.Version);
        json.WriteString("profileHash", parts.Site.Hash);
        json.WriteNumber("uptimeSeconds", parts.Clock.Now().MonotonicMs / 1_000);
        json.WriteBoolean("clockTrusted", parts.Clock.Now().ClockTrusted);
        json.WriteStartArray("problems");
        foreach (string problem in problems)
        {
            json.WriteStringValue(problem);
        }

        json.WriteEndArray();
        UplinkSnapshot uplink = parts.Uplink();
        WriteUplink(uplink, json);
        WriteOutbox(uplink.Outbox, json);
        json.WriteStartArray("lines");
        foreach (LineRunner line in parts.Lines)
        {
            WriteLine(line, json);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        return problems.Length == 0;
    }

    private static void WriteUplink(UplinkSnapshot uplink, Utf8JsonWriter json)
    {
        json.WriteStartObject("uplink");
        json.WriteBoolean("connected", uplink.Connected);
        json.WriteString("lastReason", uplink.LastReason);
        json.WriteEndObject();
    }

    private static void WriteOutbox(OutboxSnapshot outbox, Utf8JsonWriter json)
    {
        json.WriteStartObject("outbox");
        WriteLane("event", outbox.Events, json);
        WriteLane("reading", outbox.Readings, json);
        WriteLane("telemetry", outbox.Telemetry, json);
        json.WriteNumber("droppedRecords", outbox.DroppedRecords);
        json.WriteNumber("storeFailures", outbox.StoreFailures);
        json.WriteString("store", outbox.Condition switch { StoreCondition.Unwritable => "unwritable", StoreCondition.LowOnSpace => "lowOnSpace", _ => "sound" });
        json.WriteEndObject();
    }

    private static void WriteLane(string name, LaneBacklog lane, Utf8JsonWriter json)
    {
        json.WriteStartObject(name);
        json.WriteNumber("batches", lane.Rows);
        json.WriteNumber("bytes", lane.Bytes);
        json.WriteNumber("inFlight", lane.InFlight);
        WriteTime("oldest", lane.OldestMs ?? 0, json);
        json.WriteEndObject();
    }

    private static void WriteLine(LineRunner line, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", line.Line.Id);
        json.WriteString("transport", line.Line.Transport.ToString());
        json.WriteString("state", line.HasEnded ? "ended" : line.IsDown ? "down" : "up");
        json.WriteStartArray("devices");
        for (int i = 0; i < line.Line.Devices.Length; i++)
        {
            DeviceStatistics device = line.StatisticsOf(i);
            json.WriteStartObject();
            json.WriteString("id", line.Line.Devices[i].Id);
            WriteTime("lastGoodPoll", device.LastGoodUtcMs, json);
            json.WriteBoolean("answers", device.LastGoodUtcMs != 0 && !device.GivenUp && !line.IsDown);
            if (line.TextsOf(i) is { Count: > 0 } texts)
            {
                json.WriteStartObject("texts");
                foreach ((string point, string text) in texts)
                {
                    json.WriteString(point, text);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTime(string name, long utcMs, Utf8JsonWriter json)
    {
        if (utcMs == 0)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteString(name, DateTimeOffset.FromUnixTimeMilliseconds(utcMs).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
    }
}
