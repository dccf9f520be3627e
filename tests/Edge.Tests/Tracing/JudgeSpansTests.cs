using System.Diagnostics;
using IotProperty.Edge.Alarms;
using IotProperty.Edge.Tracing;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Tracing;

[Collection(TracesCollection.Name)]
public sealed class JudgeSpansTests : IDisposable
{
    private readonly RecordedSpans _spans = new(EdgeTraces.SourceName);
    private readonly JudgeSpans _judge = new();

    public void Dispose() => _spans.Dispose();

    [Fact]
    public void Transitions_of_one_step_are_stored_under_the_first_read_that_brought_one_and_the_others_link_to_it()
    {
        Activity[] reads = [Read(), Read(), Read()];
        int[] transitions = [0, 1, 2];
        for (int i = 0; i < reads.Length; i++)
        {
            _judge.Next(reads[i].Context);
            _judge.Judged(transitions[i]);
            _judge.Next(reads[i].Context);
            _judge.Judged(0);
        }

        _judge.EndStep();
        using Activity? first = _judge.Decide(3);
        Assert.Same(first, Activity.Current);
        Assert.Equal((reads[1].SpanId, 2, 1, 3), (first!.ParentSpanId, first.GetTagItem("iotp.samples"), first.GetTagItem("iotp.alarm.transitions"), first.GetTagItem("iotp.records")));
        Activity[] ended = [.. _spans.Ended.Where(span => span.OperationName == "alarm.judge")];
        Assert.Equal([reads[0].SpanId, reads[2].SpanId], ended.Select(span => span.ParentSpanId));
        Assert.Empty(ended[0].Links);
        Assert.Equal(first.Context, Assert.Single(ended[1].Links).Context);
        Assert.False(first.IsStopped);
    }

    [Fact]
    public void A_transition_that_time_brought_begins_a_journey()
    {
        _judge.Next(default);
        _judge.Judged(1);
        _judge.EndStep();
        using Activity? first = _judge.Decide(1);
        Assert.Equal(default, first!.ParentSpanId);
        Assert.True(first.Recorded);
    }

    private static Activity Read()
    {
        Activity read = EdgeTraces.BeginRead(readsSwipes: false)!;
        read.Stop();
        Activity.Current = null;
        return read;
    }
}
