using OpenTelemetry.Trace;

namespace IotProperty.Tracing;

/// <summary>Of journeys that begin here: every event, and of all else the given part, by trace-id, so that several programs with one ratio choose the same.</summary>
internal sealed class JourneySampler : Sampler
{
    private readonly TraceIdRatioBasedSampler _others;

    /// <param name="ratio">0 to 1.</param>
    public JourneySampler(double ratio)
    {
        _others = new TraceIdRatioBasedSampler(ratio);
        Description = $"JourneySampler{{{_others.Description}}}";
    }

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        foreach (KeyValuePair<string, object?> tag in samplingParameters.Tags ?? [])
        {
            if (tag.Key == Spans.Event)
            {
                return new SamplingResult(SamplingDecision.RecordAndSample);
            }
        }

        return _others.ShouldSample(samplingParameters);
    }
}
