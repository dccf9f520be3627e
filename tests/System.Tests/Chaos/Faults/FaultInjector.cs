using System.Globalization;
using IotProperty.SystemTests.Chaos.Checks;
using IotProperty.SystemTests.Chaos.Rig;

namespace IotProperty.SystemTests.Chaos.Faults;

/// <summary>Breaks one thing at a planned moment, waits, and heals it; tells the history both. Several may be at work at once: each holds the gate of what it breaks.</summary>
public sealed class FaultInjector(ChaosEstate estate, RunHistory history) : IDisposable
{
    /// <summary>Steps up to here are like a time daemon's; larger ones like those of a board whose battery is flat.</summary>
    private const double SmallSteps = 0.5;

    private const long LeastStepMs = 300;
    private const long MostSmallStepMs = 20_000;
    private const long LeastLargeStepMs = 2 * 3_600_000L;
    private const long MostLargeStepMs = 5 * 3_600_000L;

    private readonly SemaphoreSlim _clock = new(1);
    private readonly SemaphoreSlim _disk = new(1);
    private readonly Dictionary<FaultProxy, SemaphoreSlim> _links = [];

    /// <summary>What this machine lets us do.</summary>
    public IReadOnlySet<FaultKind> Possible { get; } = PossibleIn(estate);

    /// <summary>Carries a fault out; returns when it is healed. Throws when a program does not come back.</summary>
    public async Task InjectAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fault);
        await PauseAsync(fault.AtMs, cancellationToken);
        history.Count(fault.Kind.ToString());
        await (fault.Kind switch
        {
            FaultKind.KillHub => KillAsync(HubPart(fault), null, fault, cancellationToken),
            FaultKind.FreezeHub => FreezeAsync(HubPart(fault), null, fault, cancellationToken),
            FaultKind.KillEdge => KillEdgeAsync(fault, () => { }, cancellationToken),
            FaultKind.FreezeEdge => FreezeAsync(estate.Edge, Trouble.EdgeFrozen, fault, cancellationToken),
            FaultKind.KillSimulator => KillAsync(estate.Simulator, Trouble.SimulatorDown, fault, cancellationToken),
            FaultKind.FreezeSimulator => FreezeAsync(estate.Simulator, Trouble.SimulatorFrozen, fault, cancellationToken),
            FaultKind.UplinkRefused or FaultKind.UplinkBlackHole or FaultKind.UplinkStalled or FaultKind.UplinkDelayed or FaultKind.UplinkThrottled or FaultKind.UplinkCutMidStream =>
                DisturbAsync("uplink", estate.Uplink, GateOf(estate.Uplink), fault, line: null, cancellationToken),
            FaultKind.LineRefused or FaultKind.LineStalled or FaultKind.LineDelayed => DisturbLineAsync(fault, cancellationToken),
            FaultKind.LinkRefused or FaultKind.LinkStalled => DisturbLinkAsync(fault, cancellationToken),
            FaultKind.EdgeDiskFull => FillDiskAsync(fault, cancellationToken),
            FaultKind.EdgeClockStepped => StepClockAsync(fault, cancellationToken),
            FaultKind.EdgeBootsUnsynchronised => BootUnsynchronisedAsync(fault, cancellationToken),
            FaultKind.EdgeStoreTorn => TearStoreAsync(fault, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "no such fault"),
        });
    }

    public void Dispose()
    {
        _clock.Dispose();
        _disk.Dispose();
        foreach (SemaphoreSlim gate in _links.Values)
        {
            gate.Dispose();
        }
    }

    private static HashSet<FaultKind> PossibleIn(ChaosEstate estate)
    {
        HashSet<FaultKind> possible = [.. Enum.GetValues<FaultKind>()];
        if (estate.Disk is null)
        {
            possible.Remove(FaultKind.EdgeDiskFull);
        }

        if (estate.Clock is null)
        {
            possible.ExceptWith([FaultKind.EdgeClockStepped, FaultKind.EdgeBootsUnsynchronised]);
        }

        if (estate.HubSide.Links.Count == 0)
        {
            possible.ExceptWith([FaultKind.LinkRefused, FaultKind.LinkStalled]);
        }

        return possible;
    }

    private static LinkFault NetworkFault(PlannedFault fault) => fault.Kind switch
    {
        FaultKind.UplinkRefused or FaultKind.LineRefused or FaultKind.LinkRefused => new LinkFault.Refuse(),
        FaultKind.UplinkBlackHole => new LinkFault.BlackHole(),
        FaultKind.UplinkStalled or FaultKind.LineStalled or FaultKind.LinkStalled => new LinkFault.Stall(),
        FaultKind.UplinkDelayed or FaultKind.LineDelayed => new LinkFault.Delay(20 + (int)(fault.Amount * 600)),
        FaultKind.UplinkThrottled => new LinkFault.Throttle(500 + (int)(fault.Amount * 8_000)),
        FaultKind.UplinkCutMidStream => new LinkFault.CutAfter((long)(fault.Amount * fault.Amount * 20_000)),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "not a fault of the network"),
    };

    private static Task PauseAsync(int ms, CancellationToken cancellationToken) => Task.Delay(TimeSpan.FromMilliseconds(ms), TimeProvider.System, cancellationToken);

    private ChaosPart HubPart(PlannedFault fault) => estate.HubSide.Parts[fault.Pick % estate.HubSide.Parts.Count];

    private void Tell(string what) => history.Tell(ChaosEstate.NowMs, what);

    private async Task KillAsync(ChaosPart part, Trouble? trouble, PlannedFault fault, CancellationToken cancellationToken)
    {
        await part.Gate.WaitAsync(cancellationToken);
        try
        {
            Begin(trouble);
            await part.KillAsync();
            Tell($"{part.Name} killed");
            await PauseAsync(fault.LastsMs, cancellationToken);
            End(trouble);
            await part.StartAsync(cancellationToken);
            Tell($"{part.Name} back");
        }
        finally
        {
            part.Gate.Release();
        }
    }

    private async Task FreezeAsync(ChaosPart part, Trouble? trouble, PlannedFault fault, CancellationToken cancellationToken)
    {
        await part.Gate.WaitAsync(cancellationToken);
        try
        {
            Begin(trouble);
            part.Program.Freeze();
            Tell($"{part.Name} stopped");
            await PauseAsync(fault.LastsMs, cancellationToken);
            part.Program.Thaw();
            End(trouble);
            Tell($"{part.Name} continued");
        }
        finally
        {
            part.Gate.Release();
        }
    }

    private async Task KillEdgeAsync(PlannedFault fault, Action whileDead, CancellationToken cancellationToken)
    {
        await estate.Edge.Gate.WaitAsync(cancellationToken);
        try
        {
            history.Begin(Trouble.EdgeDown, ChaosEstate.NowMs);
            await estate.Edge.KillAsync();
            Tell("edge killed");
            await PauseAsync(fault.LastsMs, cancellationToken);
            whileDead();

            // A boot needs a byte or two: it waits for the disk, as systemd would let it try again until there is room.
            await _disk.WaitAsync(cancellationToken);
            try
            {
                history.End(Trouble.EdgeDown, ChaosEstate.NowMs);
                await estate.Edge.StartAsync(cancellationToken);
            }
            finally
            {
                _disk.Release();
            }

            Tell("edge back");
        }
        finally
        {
            estate.Edge.Gate.Release();
        }
    }

    private async Task DisturbAsync(string name, FaultProxy proxy, SemaphoreSlim gate, PlannedFault fault, string? line, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            LinkFault wrong = NetworkFault(fault);
            if (line is not null)
            {
                history.BeginLine(line, ChaosEstate.NowMs);
            }

            proxy.Apply(wrong);
            Tell($"{name}: {wrong}");
            await PauseAsync(fault.LastsMs, cancellationToken);
            proxy.Heal();
            if (line is not null)
            {
                history.EndLine(line, ChaosEstate.NowMs);
            }

            Tell($"{name} healed");
        }
        finally
        {
            gate.Release();
        }
    }

    private Task DisturbLineAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        (string line, FaultProxy proxy) = estate.Lines.OrderBy(l => l.Key, StringComparer.Ordinal).ElementAt(fault.Pick % estate.Lines.Count);
        return DisturbAsync($"line {line}", proxy, GateOf(proxy), fault, line, cancellationToken);
    }

    private Task DisturbLinkAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        (string name, FaultProxy proxy) = estate.HubSide.Links.OrderBy(l => l.Key, StringComparer.Ordinal).ElementAt(fault.Pick % estate.HubSide.Links.Count);
        return DisturbAsync(name, proxy, GateOf(proxy), fault, line: null, cancellationToken);
    }

    private async Task FillDiskAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        await _disk.WaitAsync(cancellationToken);
        try
        {
            history.Begin(Trouble.DiskFull, ChaosEstate.NowMs);
            estate.Disk!.Fill();
            Tell("the edge's disk is full");
            await PauseAsync(fault.LastsMs, cancellationToken);
            estate.Disk.Free();
            history.End(Trouble.DiskFull, ChaosEstate.NowMs);
            Tell("the edge's disk has room");
        }
        finally
        {
            _disk.Release();
        }
    }

    private async Task StepClockAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        await _clock.WaitAsync(cancellationToken);
        try
        {
            SetClock(StepOf(fault), synchronised: true);
            await PauseAsync(fault.LastsMs, cancellationToken);
            SetClock(0, synchronised: true);
        }
        finally
        {
            _clock.Release();
        }
    }

    /// <summary>As after a power cut of a board whose clock has no battery: a wrong time that nobody vouches for, put right later.</summary>
    private async Task BootUnsynchronisedAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        await _clock.WaitAsync(cancellationToken);
        try
        {
            await KillEdgeAsync(fault with { LastsMs = 200 }, () => SetClock(-Math.Abs(StepOf(fault)), synchronised: false), cancellationToken);
            await PauseAsync(fault.LastsMs, cancellationToken);
            SetClock(0, synchronised: true);
        }
        finally
        {
            _clock.Release();
        }
    }

    private Task TearStoreAsync(PlannedFault fault, CancellationToken cancellationToken) =>
        KillEdgeAsync(fault with { LastsMs = 200 }, () => Tell(StoreTear.Apply(estate.EdgeData, fault.Pick, fault.Amount)), cancellationToken);

    private void SetClock(long offsetMs, bool synchronised)
    {
        long now = ChaosEstate.NowMs;
        estate.Clock!.Set(offsetMs, synchronised);
        history.Clock.Set(now, offsetMs, synchronised);
        Tell(string.Create(CultureInfo.InvariantCulture, $"the edge's clock is {offsetMs} ms ahead{(synchronised ? "" : " and unsynchronised")}"));
    }

    private static long StepOf(PlannedFault fault)
    {
        double share = fault.Amount < SmallSteps ? fault.Amount / SmallSteps : (fault.Amount - SmallSteps) / (1 - SmallSteps);
        long size = fault.Amount < SmallSteps
            ? LeastStepMs + (long)(share * (MostSmallStepMs - LeastStepMs))
            : LeastLargeStepMs + (long)(share * (MostLargeStepMs - LeastLargeStepMs));
        return fault.Pick % 2 == 0 ? size : -size;
    }

    private SemaphoreSlim GateOf(FaultProxy proxy)
    {
        lock (_links)
        {
            if (!_links.TryGetValue(proxy, out SemaphoreSlim? gate))
            {
                _links.Add(proxy, gate = new SemaphoreSlim(1));
            }

            return gate;
        }
    }

    private void Begin(Trouble? trouble)
    {
        if (trouble is { } known)
        {
            history.Begin(known, ChaosEstate.NowMs);
        }
    }

    private void End(Trouble? trouble)
    {
        if (trouble is { } known)
        {
            history.End(known, ChaosEstate.NowMs);
        }
    }
}
