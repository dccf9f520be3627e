using IotProperty.Simulators.Control;
using IotProperty.SystemTests.Chaos.Checks;
using IotProperty.SystemTests.Chaos.Rig;

namespace IotProperty.SystemTests.Chaos;

/// <summary>What people and devices do while things break: cards, lift faults, falls of the fire main's pressure.</summary>
public sealed class Acts(ChaosEstate estate, RunHistory history)
{
    private static readonly ControlRequest[] Repertoire =
    [
        Swipe("door-1", "1001001"),
        Swipe("door-1", "1001007"),
        Swipe("door-1", "4294000099"),
        Swipe("gate-1", "2001003"),
        Swipe("gate-1", "4294000077"),
        Break("lift-1", "overspeed"),
        Break("lift-1", "safety-circuit"),
        Break("lift-2", "entrapment"),
        Break("lift-2", "position-lost"),
        Break("pump-1", "pressure-low"),
        Mend("lift-1"),
        Mend("lift-1"),
        Mend("lift-2"),
        Mend("lift-2"),
        Mend("pump-1"),
    ];

    /// <summary>Plays one act at its moment; left out while the simulator is dead or held.</summary>
    public async Task PlayAsync(PlannedAct act, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(act);
        await Task.Delay(TimeSpan.FromMilliseconds(act.AtMs), TimeProvider.System, cancellationToken);
        await PlayAsync(Repertoire[act.Pick % Repertoire.Length], cancellationToken);
    }

    /// <summary>Does it now, unless the simulator is dead or held.</summary>
    public async Task PlayAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!await estate.Simulator.Gate.WaitAsync(0, cancellationToken))
        {
            return;
        }

        try
        {
            await estate.Control.DoAsync(request, cancellationToken);
            history.Tell(ChaosEstate.NowMs, $"{request.Op} {request.Device} {request.Card ?? request.Fault}");
        }
        finally
        {
            estate.Simulator.Gate.Release();
        }
    }

    public static ControlRequest Swipe(string device, string card) => new() { Op = "swipe", Device = device, Card = card };

    public static ControlRequest Break(string device, string fault) => new() { Op = "fault", Device = device, Fault = fault };

    public static ControlRequest Mend(string device) => new() { Op = "clear", Device = device };
}
