using System.Collections.Immutable;
using IotProperty.Edge.Points;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Polling;

/// <summary>
/// A line in virtual time: devices answer after <see cref="AnswerMs"/>, dead ones cost the time-out. Everything that the core did is written down.
/// </summary>
internal sealed class LineScript
{
    public const long StartUtcMs = 1_767_225_600_000; // 2026-01-01T00:00:00Z

    private readonly LineEffects _effects = new();
    private readonly BlockValues _values = new();
    private readonly LineConfiguration _line;
    private readonly LineCore _core;

    public LineScript(LineConfiguration line, TimeZoneInfo? zone = null)
    {
        _line = line;
        _core = new LineCore(line, zone ?? TimeZoneInfo.Utc, Now);
    }

    public long NowMs { get; set; }

    /// <summary>Wall clock beyond the monotonic one.</summary>
    public long UtcShiftMs { get; set; } = StartUtcMs;

    public long AnswerMs { get; set; } = 5;

    public HashSet<string> Dead { get; } = [];

    public Dictionary<string, ReplyKind> Outcome { get; } = [];

    /// <summary>What one try of an unanswered request costs is the time-out; drivers with retries make several.</summary>
    public int Tries { get; set; } = 1;

    /// <summary>How a request ends; null for an answer.</summary>
    public Func<string, ReadBlock, ReplyKind?> Judge { get; set; } = (_, _) => null;

    /// <summary>Fills the items of a block; all missing without it.</summary>
    public Action<string, ItemBlock, BlockValues> Items { get; set; } = (_, block, values) => values.ClearItems(block.Points.Length);

    /// <summary>Fills the bits of a block; all 0 without it.</summary>
    public Action<RegisterBlock, bool[]> Bits { get; set; } = (_, _) => { };

    /// <summary>What devices were found not to have.</summary>
    public List<ReadBlock> Refused { get; } = [];

    public List<PointText> Texts { get; } = [];

    /// <summary>The last sample of each point.</summary>
    public Dictionary<PointRef, (double Value, Quality Quality)> Latest { get; } = [];

    /// <summary>Whether requests and samples are written down; not in tests that count allocations.</summary>
    public bool Writes { get; set; } = true;

    /// <summary>Fills the registers of a block; all zero without it.</summary>
    public Action<string, RegisterBlock, ushort[]> Registers { get; set; } = (_, _, _) => { };

    public List<(long AtMs, string Device, ReadBlock Block, ReplyKind Kind)> Requests { get; } = [];

    public List<Sample> Thinned { get; } = [];

    public List<(long AtMs, PointRef Point, Quality Quality)> Samples { get; } = [];

    public List<MeterReading> Readings { get; } = [];

    public List<SwipeReport> Swipes { get; } = [];

    public List<(long AtMs, DeviceChange Change)> Changes { get; } = [];

    public LineCore Core => _core;

    private Moment Now => new(NowMs, NowMs + UtcShiftMs, true);

    public LineScript RunUntil(long untilMs)
    {
        while (NowMs < untilMs)
        {
            LineAction action = _core.Next(Now, _effects);
            Note();
            if (action.Block is not { } block)
            {
                Assert.True(action.UntilMs >= NowMs);
                NowMs = Math.Min(untilMs, Math.Max(action.UntilMs, NowMs + (_effects.Samples.Count > 0 ? 0 : 1)));
                continue;
            }

            string device = _line.Devices[action.Device].Id;
            ReplyKind kind = Dead.Contains(device) ? ReplyKind.NoAnswer : Judge(device, block) ?? Outcome.GetValueOrDefault(device, ReplyKind.Answered);
            if (Writes)
            {
                Requests.Add((NowMs, device, block, kind));
            }

            NowMs += kind switch { ReplyKind.NoAnswer => _line.TimeoutMs * Tries, ReplyKind.LineDown => 0, _ => AnswerMs };
            Fill(device, block);
            _core.Replied(Now, kind, _values, _effects);
            Note();
        }

        return this;
    }

    public long[] RequestTimes(string device) => [.. Requests.Where(r => r.Device == device).Select(r => r.AtMs)];

    private void Fill(string device, ReadBlock block)
    {
        _values.Registers.AsSpan().Clear();
        switch (block)
        {
            case ItemBlock items:
                Items(device, items, _values);
                break;
            case RegisterBlock { IsBits: true } bits:
                Bits(bits, _values.Bits);
                break;
            case RegisterBlock registers:
                Registers(device, registers, _values.Registers);
                break;
            default:
                throw new InvalidOperationException($"no answer to {block}");
        }
    }

    private void Note()
    {
        if (!Writes)
        {
            return;
        }

        Assert.True(_effects.Samples.Select(s => (s.Point.Device, s.At)).Distinct().Count() <= 1, "a step tells of one device and one moment");
        Thinned.AddRange(_effects.Thinned);
        Samples.AddRange(_effects.Samples.Select(s => (NowMs, s.Point, s.Quality)));
        foreach (PointSample sample in _effects.Samples)
        {
            Latest[sample.Point] = (sample.Value, sample.Quality);
        }

        Readings.AddRange(_effects.Readings);
        Texts.AddRange(_effects.Texts);
        if (_effects.Refused is { } refused)
        {
            Refused.Add(refused);
        }

        if (_effects.Swipes is { } swipes)
        {
            Swipes.Add(swipes);
        }

        if (_effects.Change is { } change)
        {
            Changes.Add((NowMs, change));
        }
    }

    public static LineConfiguration Line(params DeviceConfiguration[] devices) => new()
    {
        Id = "line",
        Transport = new ModbusTcpTransport("127.0.0.1", 502),
        TimeoutMs = 500,
        Devices = [.. devices],
    };

    public static DeviceConfiguration Device(string id, DeviceKind kind = DeviceKind.ElectricityMeter, int pollMs = 1_000, ImmutableArray<ReadingDefinition> readings = default, int points = 1, AccessDefinition? access = null) => new()
    {
        Id = id,
        Name = new LocalText(id, id),
        Address = new ModbusAddress(1),
        PollMs = pollMs,
        Profile = ReadPlannerTests.Profile(8, 125, [.. Enumerable.Range(0, points).Select(i => (PointTable.Holding, (ushort)(i * 100), PointType.Uint16))]) with
        {
            Kind = kind,
            PollMs = pollMs,
            Readings = readings.IsDefault ? [] : readings,
            Access = access,
        },
    };
}
