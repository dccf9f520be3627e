using System.Collections.Immutable;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Polling;

/// <summary>What a line did since the edge started; every figure but the periods only grows.</summary>
/// <param name="IsUp">Whether the last request found the line up.</param>
/// <param name="Requests">Requests to devices, writes included.</param>
/// <param name="BusyMs">Time spent in requests.</param>
/// <param name="RoundTrips">Answered requests of all devices.</param>
/// <param name="Devices">In the order of the line.</param>
public sealed record LineFigures(bool IsUp, long Requests, long BusyMs, RoundTripSnapshot RoundTrips, ImmutableArray<DeviceFigures> Devices);

/// <param name="Answers">Whether the device answered at all and is not given up.</param>
/// <param name="RealPeriodMs">How far apart its polls really begin; 0 before the second one.</param>
public readonly record struct DeviceFigures(bool Answers, double RealPeriodMs, long Timeouts, long Exceptions);

/// <summary>
/// Tells the hub how a line does, as telemetry of a device of kind <c>line</c> that stands for it: one report for each stretch of time, in the ordinary
/// lane, so that it survives a hub that is away. One instance a line, one owner.
/// </summary>
public sealed class LineDiagnostics(LineConfiguration line, Moment start)
{
    /// <summary>The kind of the devices that stand for lines.</summary>
    public const string Kind = "line";

    private const string Profile = "iotp-line";

    private static readonly (string Id, string Unit, LocalText Name, double? Low, double? High)[] LinePoints =
    [
        ("up", "", new LocalText("Up", "线路正常"), 0, 1),
        ("utilisation", "%", new LocalText("Utilisation", "占用率"), 0, 100),
        ("requests", "1/min", new LocalText("Requests", "请求数"), null, null),
        ("timeouts", "1/min", new LocalText("Time-outs", "超时数"), null, null),
        ("exceptions", "1/min", new LocalText("Refusals", "拒绝数"), null, null),
        ("round-trip-p50", "ms", new LocalText("Round trip, median", "往返时间中位数"), null, null),
        ("round-trip-p95", "ms", new LocalText("Round trip, 95 %", "往返时间95%"), null, null),
    ];

    private static readonly (string Suffix, string Unit, LocalText Name)[] DevicePoints =
    [
        ("answers", "", new LocalText("answers", "在线")),
        ("period", "s", new LocalText("real period", "实际周期")),
        ("wanted", "s", new LocalText("wanted period", "设定周期")),
        ("timeouts", "1/min", new LocalText("time-outs", "超时数")),
    ];

    private readonly string _device = DeviceId(line.Id);
    private Moment _last = start;
    private LineFigures? _lastFigures;

    /// <summary>The id of the device that stands for a line.</summary>
    public static string DeviceId(string line) => $"line-{line}";

    /// <summary>The device that stands for a line, as the hub is told of it.</summary>
    /// <param name="everySeconds">How far apart its reports are.</param>
    public static CatalogueDevice Catalogue(LineConfiguration line, int everySeconds)
    {
        ArgumentNullException.ThrowIfNull(line);
        int maxSilenceMs = everySeconds * 1_000;
        return new CatalogueDevice(
            DeviceId(line.Id),
            Kind,
            Profile,
            new LocalText($"Line {line.Id}", $"线路 {line.Id}"),
            [
                .. LinePoints.Select(point => new CataloguePoint(point.Id, point.Unit, point.Name, point.Low, point.High, maxSilenceMs)),
                .. line.Devices.SelectMany(device => DevicePoints.Select(point => new CataloguePoint(
                    $"{device.Id}-{point.Suffix}",
                    point.Unit,
                    new LocalText($"{device.Name.En}: {point.Name.En}", $"{device.Name.ZhCn}：{point.Name.ZhCn}"),
                    null,
                    null,
                    maxSilenceMs))),
            ]);
    }

    /// <summary>What the line did since the last report, or since the start. Nothing when no time has passed.</summary>
    public ImmutableArray<Sample> Report(in Moment now, LineFigures figures)
    {
        ArgumentNullException.ThrowIfNull(figures);
        double minutes = (now.MonotonicMs - _last.MonotonicMs) / 60_000.0;
        if (minutes <= 0)
        {
            return [];
        }

        Moment at = now;
        LineFigures? before = _lastFigures;
        ImmutableArray<Sample>.Builder samples = ImmutableArray.CreateBuilder<Sample>();
        RoundTripSnapshot roundTrips = before is null ? figures.RoundTrips : figures.RoundTrips.Since(before.RoundTrips);
        Tell("up", figures.IsUp ? 1 : 0);
        Tell("utilisation", Math.Min(100, (figures.BusyMs - (before?.BusyMs ?? 0)) / (minutes * 600)));
        Tell("requests", (figures.Requests - (before?.Requests ?? 0)) / minutes);
        Tell("timeouts", (figures.Devices.Sum(d => d.Timeouts) - (before?.Devices.Sum(d => d.Timeouts) ?? 0)) / minutes);
        Tell("exceptions", (figures.Devices.Sum(d => d.Exceptions) - (before?.Devices.Sum(d => d.Exceptions) ?? 0)) / minutes);
        Tell("round-trip-p50", roundTrips.Percentile(0.5));
        Tell("round-trip-p95", roundTrips.Percentile(0.95));
        for (int i = 0; i < line.Devices.Length; i++)
        {
            DeviceFigures device = figures.Devices[i];
            string id = line.Devices[i].Id;
            Tell($"{id}-answers", device.Answers ? 1 : 0);
            Tell($"{id}-period", device.RealPeriodMs > 0 ? device.RealPeriodMs / 1_000 : double.NaN);
            Tell($"{id}-wanted", line.Devices[i].PollMs / 1_000.0);
            Tell($"{id}-timeouts", (device.Timeouts - (before?.Devices[i].Timeouts ?? 0)) / minutes);
        }

        (_last, _lastFigures) = (now, figures);
        return samples.ToImmutable();

        // What cannot be told, because nobody answered, has no value; a last known one would look as if all were well.
        void Tell(string point, double value) => samples.Add(new Sample(
            new PointRef(_device, point), at.UtcMs, double.IsNaN(value) ? value : Math.Round(value, 3), double.IsNaN(value) ? Quality.CommFail : Quality.Good, at.ClockTrusted));
    }
}
