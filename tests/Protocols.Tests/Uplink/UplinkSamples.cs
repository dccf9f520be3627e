using IotProperty.Protocols.Uplink;

namespace IotProperty.Protocols.Tests.Uplink;

/// <summary>Fixed messages for the tests that hold the wire format.</summary>
internal static class UplinkSamples
{
    private const long Epoch = 1_795_000_000_000;

    /// <summary>One small batch of each kind of record, too small to be compressed.</summary>
    public static Batch Batch(string name) => name switch
    {
        "telemetry" => new Batch
        {
            Key = new BatchKey("riverside", Epoch, Lane.Telemetry, 300),
            Samples =
            [
                new(new PointRef("lift-1", "position"), Epoch + 1000, 3.25, Quality.Good, true),
                new(new PointRef("lift-1", "position"), Epoch + 1500, 3.5, Quality.Good, true),
                new(new PointRef("lift-1", "fault"), Epoch + 1500, -0.0, Quality.OutOfRange, true),
                new(new PointRef("pump-1", "position"), Epoch + 900, double.NaN, Quality.CommFail, false),
            ],
        },
        "reading" => new Batch
        {
            Key = new BatchKey("riverside", Epoch, Lane.Reading, 2),
            Readings =
            [
                new("meter-3", "energy", "kWh", Epoch + 900_000, 123_456.70m, 10, Quality.Good, true),
                new("meter-3", "flow", "m3", Epoch, -79228162514264337593543950335m, 0, Quality.Stale, false),
            ],
        },
        "transition" => Event with
        {
            Transitions =
            [
                new("r-1", 1, "low", new PointRef("pump-1", "pressure"), AlarmLevel.Warning, AlarmLevel.Alarm, AlarmCause.Limit, Epoch, 0.31, -0.0, true),
            ],
        },
        "access" => Event with
        {
            AccessEvents = [new("r-2", "door-1", AccessEventKind.Credential, AccessDecision.Granted, AccessReason.Known, "card-7", "", Epoch + 1, true)],
        },
        "command" => Event with { CommandResults = [new("c-1", CommandOutcome.Refused, CommandReason.None, "unknown", Epoch + 2, false)] },
        "command-reason" => Event with { CommandResults = [new("c-1", CommandOutcome.Failed, CommandReason.NotInPosition, "the relay is open", Epoch + 2, true)] },
        "gap" => Event with { Gaps = [new("r-3", Lane.Telemetry, Epoch - 5, 3, 9, Epoch - 4, Epoch - 1, 70, "disk quota")] },
        "clock-step" => Event with { ClockSteps = [new("r-4", Epoch + 60_000, -59_000, 1_000, true)] },
        "tally" => Event with { Tallies = [new(Epoch - 5, Lane.Telemetry, HourTally.StartOfHour(Epoch), 70, 0x0102_0304_0506_0708, 3, 9, 2)] },
        "corrected" => Event with
        {
            ClockCorrectionMs = -59_000,
            AccessEvents = [new("r-5", "door-1", AccessEventKind.Forced, AccessDecision.None, AccessReason.None, "", "", Epoch + 1, false)],
        },
        "traced" => Event with
        {
            Trace = new TraceContext(new UInt128(0x4BF9_2F35_77B3_4DA6, 0xA3CE_929D_0E0E_4736), 0x00F0_67AA_0BA9_02B7, 0x01),
            CommandResults = [new("c-1", CommandOutcome.Done, CommandReason.None, "", Epoch + 2, true)],
        },
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such batch"),
    };

    private static Batch Event { get; } = new() { Key = new BatchKey("riverside", Epoch, Lane.Event, 1) };

    /// <summary>A batch that is compressed.</summary>
    public static Batch Long { get; } = new()
    {
        Key = new BatchKey("riverside", Epoch, Lane.Telemetry, 301),
        Samples =
        [
            .. Enumerable.Range(0, 200)
                .Select(n => new Sample(new PointRef($"lift-{n % 4}", n % 2 == 0 ? "position" : "speed"), Epoch + (n / 8 * 500), n % 9 * 0.25, Quality.Good, true)),
        ],
    };

    public static IReadOnlyList<Receipt> Receipts { get; } =
    [
        new(new BatchKey("riverside", Epoch, Lane.Event, 1), ReceiptStatus.Committed, ""),
        new(new BatchKey("riverside", Epoch, Lane.Telemetry, 300), ReceiptStatus.Refused, "another batch has this key"),
    ];

    public static EdgeState Will { get; } = new("riverside", false, Epoch, "0.1.0", "c0ffee", Epoch + 3, null);
}
