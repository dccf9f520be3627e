using System.Diagnostics.Metrics;
using IotProperty.Hub.Ingest;

namespace IotProperty.Hub.Hosting;

/// <summary>What the front door and the live feed count, for <c>/metrics</c>. Reads when it is asked.</summary>
internal sealed class FrontDoorMeter : IDisposable
{
    private readonly Meter _meter = new("IotProperty.Hub.FrontDoor");

    public FrontDoorMeter(FrontDoor door, Live.LiveFeed feed)
    {
        _meter.CreateObservableGauge("iotp_front_door_connections", () => door.Snapshot().Connections, description: "Open connections, strangers included.");
        _meter.CreateObservableGauge("iotp_front_door_strangers", () => door.Snapshot().Strangers, description: "Open connections that have not been let in.");
        _meter.CreateObservableCounter("iotp_front_door_accepted_total", () => door.Snapshot().Accepted, description: "Connections that were let in.");
        _meter.CreateObservableCounter("iotp_front_door_publishes_total", () => door.Snapshot().Publishes, description: "Messages that edges sent.");
        _meter.CreateObservableCounter("iotp_front_door_paced_total", () => door.Snapshot().Paced, description: "Batches that waited because their site sent faster than its share.");
        _meter.CreateObservableCounter("iotp_front_door_sent_total", () => door.Snapshot().Sent, description: "Messages that were sent to edges.");
        _meter.CreateObservableCounter(
            "iotp_front_door_refused_total",
            () => door.Snapshot().Refused.Select(refused => new Measurement<long>(refused.Value, new KeyValuePair<string, object?>("reason", refused.Key.ToString()))),
            description: "Refusals by MQTT reason code.");
        _meter.CreateObservableGauge("iotp_live_watchers", () => feed.Watchers, description: "Open live streams.");
    }

    public void Dispose() => _meter.Dispose();
}
