using IotProperty.Simulators.Scenarios;

namespace IotProperty.SystemTests.Chaos.Rig;

/// <summary>
/// One program of the estate that may be killed and started again, or held for a while. Whoever does something to it holds <see cref="Gate"/> until it is whole
/// again, so that two faults never meet in one program.
/// </summary>
/// <param name="name">As the history tells of it.</param>
/// <param name="start">Starts the program; returns when it serves.</param>
public sealed class ChaosPart(string name, Func<CancellationToken, Task<ChildProgram>> start) : IAsyncDisposable
{
    /// <summary>A start beside everything else that a busy machine does.</summary>
    public static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(90);

    private ChildProgram? _program;

    public string Name => name;

    /// <summary>Held by a fault for as long as it lasts.</summary>
    public SemaphoreSlim Gate { get; } = new(1);

    public ChildProgram Program => _program ?? throw new InvalidOperationException($"{name} was not started");

    /// <summary>How often it was started.</summary>
    public int Starts { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_program is not null)
        {
            await _program.DisposeAsync();
        }

        Starts++;
        _program = await start(cancellationToken);
    }

    /// <summary>SIGKILL; returns when it is gone.</summary>
    public Task KillAsync() => Program.KillAsync();

    /// <summary>Throws when the program ended although nobody killed it.</summary>
    public void RequireRunning()
    {
        if (Program.HasEnded)
        {
            throw new ScenarioException($"{name} ended by itself; see {Program.Name}.log");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_program is { } program)
        {
            // A held program does not hear SIGTERM.
            program.Thaw();
            await program.DisposeAsync();
        }

        Gate.Dispose();
    }
}
