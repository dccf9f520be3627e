using System.Threading.Channels;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tests.Polling;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Lines;

public sealed class DiagnosticsServiceTests
{
    [Fact]
    public async Task Hub_is_told_of_every_line_at_the_wanted_pace()
    {
        FakeTime time = new();
        EdgeClock clock = new(time, () => true);
        SampleOutbox outbox = new();
        await using ScriptedDriver driver = new();
        LineRunner line = new(LineScript.Line(LineScript.Device("m")), TimeZoneInfo.Utc, driver, new LineSinks([], null!, null!, outbox), clock, NullLogger<LineRunner>.Instance);
        using DiagnosticsService diagnostics = new([line], 60, outbox, clock);
        await diagnostics.StartAsync(CancellationToken.None);
        for (int minute = 1; minute <= 2; minute++)
        {
            await time.TimersAsync(1).WaitAsync(TimeSpan.FromSeconds(20));
            time.Advance(60_000);
            Sample[] samples = await outbox.NextAsync(11);
            Assert.Equal(["line-line"], samples.Select(sample => sample.Point.Device).Distinct());
            Assert.Equal(("up", 1.0, clock.Now().UtcMs), (samples[0].Point.Point, samples[0].Value, samples[0].TimeMs));
            Assert.Equal(("m-answers", 0.0), (samples[7].Point.Point, samples[7].Value));
        }

        await diagnostics.StopAsync(CancellationToken.None);
    }

    private sealed class SampleOutbox : IOutbox
    {
        private readonly Channel<Sample> _samples = Channel.CreateUnbounded<Sample>();

        public async Task<Sample[]> NextAsync(int count)
        {
            using CancellationTokenSource bound = new(TimeSpan.FromSeconds(20));
            Sample[] samples = new Sample[count];
            for (int i = 0; i < count; i++)
            {
                samples[i] = await _samples.Reader.ReadAsync(bound.Token);
            }

            return samples;
        }

        public long TelemetryLosses => 0;

        public string NewId() => throw new NotSupportedException("reports need no ids");

        public void Add(in Sample sample) => Assert.True(_samples.Writer.TryWrite(sample));

        public ValueTask AddAsync(OutboxEvents events, CancellationToken cancellationToken) => throw new NotSupportedException("reports are no events");

        public ValueTask AddAsync(IReadOnlyList<MeterReading> readings, CancellationToken cancellationToken) => throw new NotSupportedException("reports are no readings");
    }
}
