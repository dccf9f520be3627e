using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;
using static IotProperty.Edge.Tests.Polling.LineScript;

namespace IotProperty.Edge.Tests.Polling;

public class LineDiagnosticsTests
{
    private static readonly LineConfiguration Riser = Line(Device("m1", pollMs: 2_000), Device("m2"));

    [Fact]
    public void Report_tells_rates_of_the_time_since_the_last_one()
    {
        LineDiagnostics diagnostics = new(Riser, new Moment(1_000, 50_000, true));
        RoundTripHistogram roundTrips = new();
        roundTrips.Add(TimeSpan.FromMilliseconds(15));
        diagnostics.Report(new Moment(61_000, 110_000, true), new LineFigures(true, 100, 30_000, roundTrips.Snapshot(), [new(true, 2_500, 1, 0), new(false, 0, 9, 2)]));
        for (int i = 0; i < 20; i++)
        {
            roundTrips.Add(TimeSpan.FromMilliseconds(i == 19 ? 90 : 3));
        }

        Sample[] samples = [.. diagnostics.Report(new Moment(91_000, 140_000, true), new LineFigures(true, 150, 45_000, roundTrips.Snapshot(), [new(true, 2_500, 1, 0), new(false, 30_000, 12, 3)]))];
        Assert.All(samples, sample => Assert.Equal(("line-line", 140_000, Quality.Good), (sample.Point.Device, sample.TimeMs, sample.Quality)));
        Assert.Equal(
            [
                ("up", 1.0), ("utilisation", 50.0), ("requests", 100.0), ("timeouts", 6.0), ("exceptions", 2.0), ("round-trip-p50", 3.579), ("round-trip-p95", 5.0),
                ("m1-answers", 1.0), ("m1-period", 2.5), ("m1-wanted", 2.0), ("m1-timeouts", 0.0),
                ("m2-answers", 0.0), ("m2-period", 30.0), ("m2-wanted", 1.0), ("m2-timeouts", 6.0),
            ],
            samples.Select(sample => (sample.Point.Point, sample.Value)));
    }

    [Fact]
    public void What_nobody_answered_has_no_time_and_does_not_look_fresh()
    {
        LineDiagnostics diagnostics = new(Riser, default);
        Sample[] samples = [.. diagnostics.Report(new Moment(60_000, 60_000, true), new LineFigures(false, 3, 1_500, RoundTripSnapshot.Empty, [new(false, 0, 3, 0), new(false, 0, 0, 0)]))];
        Assert.Equal(["round-trip-p50", "round-trip-p95", "m1-period", "m2-period"], samples.Where(s => s.Quality == Quality.CommFail && double.IsNaN(s.Value)).Select(s => s.Point.Point));
        Assert.Empty(diagnostics.Report(new Moment(60_000, 60_000, true), new LineFigures(false, 3, 1_500, RoundTripSnapshot.Empty, [default, default])));
    }

    [Fact]
    public void Hub_is_told_of_every_point_that_a_report_holds()
    {
        CatalogueDevice told = LineDiagnostics.Catalogue(Riser, 600);
        Assert.Equal(("line-line", "line"), (told.Id, told.Kind));
        Assert.All(told.Points, point => Assert.Equal(600_000, point.MaxSilenceMs));
        LineDiagnostics diagnostics = new(Riser, default);
        Assert.Equal(
            told.Points.Select(point => point.Id),
            diagnostics.Report(new Moment(1, 1, true), new LineFigures(true, 0, 0, RoundTripSnapshot.Empty, [default, default])).Select(sample => sample.Point.Point));
    }
}
