using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest;

/// <summary>What ingest counts, for <c>/metrics</c>. Safe on any task.</summary>
public sealed class IngestMeter : IDisposable
{
    private readonly Meter _meter = new("IotProperty.Hub.Ingest");
    private readonly Counter<long> _batches;
    private readonly Counter<long> _records;
    private readonly Counter<long> _bytes;
    private readonly Histogram<double> _commitSeconds;
    private readonly Counter<long> _answers;

    public IngestMeter()
    {
        _batches = _meter.CreateCounter<long>("iotp_ingest_batches_total", description: "Batches by lane and by what became of them.");
        _records = _meter.CreateCounter<long>("iotp_ingest_records_total", description: "Committed records by lane.");
        _bytes = _meter.CreateCounter<long>("iotp_ingest_payload_bytes_total", description: "Payload bytes of all batches by lane, repeats included.");
        _commitSeconds = _meter.CreateHistogram<double>("iotp_ingest_commit_seconds", description: "From payload to synced commit, by lane.");
        _answers = _meter.CreateCounter<long>("iotp_command_answers_total", description: "What edges answered to commands, by outcome and reason.");
    }

    public void Took(Lane lane, int payloadBytes) => _bytes.Add(payloadBytes, LaneTag(lane));

    /// <param name="outcome"><c>committed</c>, <c>duplicate</c>, <c>refused</c>, <c>unreadable</c> or <c>failed</c>.</param>
    public void Ended(Lane lane, string outcome) => _batches.Add(1, LaneTag(lane), new("outcome", outcome));

    public void Committed(Lane lane, int records, TimeSpan took)
    {
        _records.Add(records, LaneTag(lane));
        _commitSeconds.Record(took.TotalSeconds, LaneTag(lane));
    }

    /// <summary>The answers in a batch that was committed.</summary>
    public void Answered(ImmutableArray<CommandResult> results)
    {
        foreach (CommandResult result in results)
        {
            _answers.Add(1, new("outcome", EnumName.Kebab(result.Outcome)), new("reason", EnumName.Kebab(result.Reason)));
        }
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> LaneTag(Lane lane) => new("lane", UplinkTopics.Name(lane));
}
