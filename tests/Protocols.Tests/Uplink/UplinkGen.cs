using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Protocols.Tests.Uplink;

/// <summary>Random records of every kind, with the awkward values weighted in.</summary>
internal static class UplinkGen
{
    public static Gen<string> Text { get; } =
        Gen.OneOf(
            Gen.Elements("", "lift-1", "position", "滨江花园", "a/b c\0", new string('x', 300)),
            Gen.Choose(0, 99).Select(n => $"id-{n}"));

    public static Gen<long> Time { get; } =
        Gen.OneOf(
            Gen.Choose(0, 100_000).Select(ms => 1_795_000_000_000 + ms),
            Gen.Elements(0L, -1L, 1L, long.MinValue, long.MaxValue),
            ArbMap.Default.GeneratorFor<long>());

    public static Gen<double> Value { get; } =
        Gen.OneOf(
            Gen.Choose(-100_000, 100_000).Select(n => n / 100.0),
            Gen.Choose(0, 1).Select(n => (double)n),
            Gen.Choose(-100_000, 100_000).Select(n => n * 0.1),
            Gen.Choose(0, 100_000).Select(n => (double)(n / 7f)),
            Gen.Elements(
                double.NaN, BitConverter.UInt64BitsToDouble(0x7FF8_0000_0000_0001), BitConverter.UInt64BitsToDouble(0xFFF0_0000_0000_0001), double.PositiveInfinity,
                double.NegativeInfinity, -0.0, double.Epsilon, double.MaxValue, double.MinValue, 9007199254740992.0, 9007199254740993.0, 0.000001, 0.0000001),
            ArbMap.Default.GeneratorFor<long>().Select(BitConverter.Int64BitsToDouble));

    /// <summary>Values of one kind throughout, so that whole columns are scaled as well as raw.</summary>
    private static Gen<Gen<double>> ColumnValue { get; } =
        Gen.Elements(Value, Gen.Choose(-1_000_000, 1_000_000).Select(n => n / 1000.0), Gen.Choose(0, 65_535).Select(n => (double)n));

    public static Gen<decimal> Decimal { get; } =
        Gen.OneOf(
            Gen.Choose(0, int.MaxValue).Select(n => n / 100m),
            Gen.Elements(0m, 0.00m, -0.0m, decimal.MaxValue, decimal.MinValue, 1.0m, 1.00m, 0.0000000000000000000000000001m),
            from low in ArbMap.Default.GeneratorFor<int>()
            from middle in ArbMap.Default.GeneratorFor<int>()
            from high in ArbMap.Default.GeneratorFor<int>()
            from scale in Gen.Choose(0, 28)
            from negative in ArbMap.Default.GeneratorFor<bool>()
            select new decimal(low, middle, high, negative, (byte)scale));

    private static Gen<bool> Bool { get; } = ArbMap.Default.GeneratorFor<bool>();

    private static Gen<PointRef> Point { get; } =
        from device in Gen.Elements("lift-1", "lift-2", "pump-1", "position", "")
        from point in Gen.Elements("position", "speed", "lift-1", "energy")
        select new PointRef(device, point);

    private static Gen<Sample[]> Column { get; } =
        from point in Point
        from values in ColumnValue
        from samples in (
            from time in Time
            from value in values
            from quality in OneOf<Quality>()
            from trusted in Bool
            select new Sample(point, time, value, quality, trusted)).NonEmptyListOf()
        select samples.ToArray();

    private static Gen<MeterReading> Reading { get; } =
        from device in Text
        from register in Text
        from unit in Gen.Elements("kWh", "m3", "")
        from time in Time
        from value in Decimal
        from digits in Gen.Elements(0, 8, 10, int.MaxValue)
        from quality in OneOf<Quality>()
        from trusted in Bool
        select new MeterReading(device, register, unit, time, value, digits, quality, trusted);

    private static Gen<AlarmTransition> Transition { get; } =
        from occurrence in Text
        from ordinal in Gen.Elements(0, 1, 2, int.MaxValue)
        from rule in Text
        from point in Point
        from levels in Gen.Two(OneOf<AlarmLevel>())
        from cause in OneOf<AlarmCause>()
        from time in Time
        from values in Gen.Two(Value)
        from trusted in Bool
        select new AlarmTransition(occurrence, ordinal, rule, point, levels.Item1, levels.Item2, cause, time, values.Item1, values.Item2, trusted);

    private static Gen<AccessEvent> Access { get; } =
        from texts in Gen.Four(Text)
        from kind in OneOf<AccessEventKind>()
        from decision in OneOf<AccessDecision>()
        from reason in OneOf<AccessReason>()
        from time in Time
        from trusted in Bool
        select new AccessEvent(texts.Item1, texts.Item2, kind, decision, reason, texts.Item3, texts.Item4, time, trusted);

    public static Gen<SiteCommand> Command { get; } =
        from id in Gen.Elements("a", "4f2c-9", new string('z', SiteCommandRules.MaxIdChars))
        from issued in Gen.Choose(0, int.MaxValue)
        from life in Gen.Choose(1, (int)SiteCommandRules.MaxLifetimeMs)
        from askedBy in Gen.Elements("anna", "张敏", new string('x', SiteCommandRules.MaxAskedByChars))
        from device in Gen.Elements("door-1", "meter-0101")
        from position in OneOf<SwitchPosition>()
        from unlock in Bool
        select new SiteCommand("riverside", id, issued, issued + life, askedBy, unlock ? new UnlockAction(device) : new SwitchAction(device, position));

    private static Gen<CommandResult> Result { get; } =
        from id in Text
        from outcome in OneOf<CommandOutcome>()
        from reason in OneOf<CommandReason>()
        from detail in Text
        from time in Time
        from trusted in Bool
        select new CommandResult(id, outcome, reason, detail, time, trusted);

    private static Gen<GapRecord> Gap { get; } =
        from id in Text
        from lane in OneOf<Lane>()
        from numbers in Gen.Three(Time)
        from times in Gen.Two(Time)
        from records in Gen.Choose(0, int.MaxValue)
        from reason in Text
        select new GapRecord(id, lane, numbers.Item1, numbers.Item2, numbers.Item3, times.Item1, times.Item2, records, reason);

    private static Gen<ClockStep> Step { get; } =
        from id in Text
        from numbers in Gen.Three(Time)
        from trusted in Bool
        select new ClockStep(id, numbers.Item1, numbers.Item2, numbers.Item3, trusted);

    private static Gen<HourTally> Tally { get; } =
        from lane in OneOf<Lane>()
        from numbers in Gen.Four(Time)
        from time in Time
        from records in Gen.Choose(0, int.MaxValue)
        from hash in ArbMap.Default.GeneratorFor<long>()
        select new HourTally(
            numbers.Item1, lane, HourTally.StartOfHour(time), records, unchecked((ulong)hash), numbers.Item2, numbers.Item3, numbers.Item4);

    private static Gen<TraceContext> Trace { get; } =
        from ids in Gen.Three(ArbMap.Default.GeneratorFor<ulong>())
        from flags in ArbMap.Default.GeneratorFor<byte>()
        select new TraceContext(new UInt128(ids.Item1, ids.Item2 | 1), ids.Item3 | 1, flags);

    public static Gen<Batch> Batch { get; } =
        from lane in OneOf<Lane>()
        from site in Gen.Elements("riverside", "s", "a-0")
        from epoch in Gen.Elements(1, 1_795_000_000_000, long.MaxValue)
        from sequence in Gen.Elements(1, 300, long.MaxValue)
        from correctionMs in Gen.OneOf(Gen.Constant(0L), Time)
        from trace in Gen.OneOf(Gen.Constant<TraceContext?>(null), Trace.Select(context => (TraceContext?)context))
        from batch in Records(new BatchKey(site, epoch, lane, sequence))
        select batch with { ClockCorrectionMs = correctionMs, Trace = trace };

    public static Gen<Receipt> Receipt(string site) =>
        from epoch in Time
        from lane in OneOf<Lane>()
        from sequence in Time
        from status in OneOf<ReceiptStatus>()
        from reason in Text
        select new Receipt(new BatchKey(site, epoch, lane, sequence), status, reason);

    public static Gen<EdgeState> State { get; } =
        from texts in Gen.Three(Text)
        from online in Bool
        from numbers in Gen.Two(Time)
        from withCatalogue in Bool
        from catalogue in Catalogue
        select new EdgeState("site-" + texts.Item1, online, numbers.Item1, texts.Item2, texts.Item3, numbers.Item2, withCatalogue ? catalogue : null);

    private static Gen<LocalText> Local { get; } = Gen.Two(Text).Select(pair => new LocalText(pair.Item1, pair.Item2));

    private static Gen<double?> Limit { get; } = Gen.OneOf(Gen.Constant<double?>(null), Gen.Choose(-1_000_000, 1_000_000).Select(n => (double?)(n / 1000.0)));

    private static Gen<SiteCatalogue> Catalogue { get; } =
        from name in Local
        from zone in Text
        from devices in (
            from texts in Gen.Three(Text)
            from deviceName in Local
            from points in (
                from id in Text
                from unit in Text
                from pointName in Local
                from range in Gen.Two(Limit)
                from silenceMs in Gen.Choose(0, int.MaxValue)
                select new CataloguePoint(id, unit, pointName, range.Item1, range.Item2, silenceMs)).ListOf()
            select new CatalogueDevice(texts.Item1, texts.Item2, texts.Item3, deviceName, [.. points])).ListOf()
        from rules in (
            from id in Text
            from point in Point
            from ruleName in Local
            from direction in OneOf<RuleDirection>()
            from limits in Gen.Two(Limit)
            select new CatalogueRule(id, point, ruleName, direction, limits.Item1, limits.Item2)).ListOf()
        select new SiteCatalogue(name, zone, [.. devices], [.. rules]);

    private static Gen<T> OneOf<T>()
        where T : struct, Enum => Gen.Elements(Enum.GetValues<T>());

    private static Gen<Batch> Records(BatchKey key) => key.Lane switch
    {
        Lane.Telemetry =>
            from columns in Column.NonEmptyListOf()
            from seed in Gen.Choose(0, int.MaxValue)
            select new Batch { Key = key, Samples = Interleave(columns, seed) },
        Lane.Reading => Reading.NonEmptyListOf().Select(readings => new Batch { Key = key, Readings = [.. readings] }),
        _ =>
            from transitions in Transition.NonEmptyListOf()
            from accessEvents in Access.ListOf()
            from results in Result.ListOf()
            from gaps in Gap.ListOf()
            from steps in Step.ListOf()
            from tallies in Tally.ListOf()
            select new Batch
            {
                Key = key,
                Transitions = [.. transitions],
                AccessEvents = [.. accessEvents],
                CommandResults = [.. results],
                Gaps = [.. gaps],
                ClockSteps = [.. steps],
                Tallies = [.. tallies],
            },
    };

    private static ImmutableArray<Sample> Interleave(IEnumerable<Sample[]> columns, int seed)
    {
        Sample[] all = [.. columns.SelectMany(column => column)];
        new Random(seed).Shuffle(all);
        return [.. all];
    }
}
