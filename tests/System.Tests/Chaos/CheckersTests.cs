using IotProperty.SystemTests.Chaos.Checks;
using IotProperty.SystemTests.Chaos.Rig;
using Xunit.Abstractions;

namespace IotProperty.SystemTests.Chaos;

/// <summary>The checkers judge a quiet estate as sound, and notice every single thing that is then taken from, added to or changed in what the hub says.</summary>
[Collection(RunsAlone.Name)]
public sealed class CheckersTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2.5);

    [Fact]
    public async Task Every_loss_double_and_invention_is_noticed()
    {
        string folder = Directory.CreateTempSubdirectory("iotp-chaos-").FullName;
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(5));
        CancellationToken token = patience.Token;
        await using (ChaosEstate estate = await ChaosEstate.StartAsync(folder, seed: 5, f => new EmbeddedHub(f), token))
        {
            long startedMs = ChaosEstate.NowMs;
            RunHistory history = new(startedMs);
            await estate.Edge.StartAsync(token);
            await ChaosRun.AwaitSiteAsync(estate, token);
            Acts acts = new(estate, history);
            await PauseAsync(token);
            foreach (Simulators.Control.ControlRequest[] moment in (Simulators.Control.ControlRequest[][])
                [
                    [Acts.Break("lift-1", "safety-circuit"), Acts.Swipe("door-1", "1001001"), Acts.Swipe("gate-1", "4294000077")],
                    [Acts.Mend("lift-1"), Acts.Swipe("gate-1", "2001003"), Acts.Swipe("door-1", "4294000099")],
                    [],
                    [Acts.Break("lift-2", "entrapment"), Acts.Swipe("door-1", "1001002")],
                    [],
                ])
            {
                foreach (Simulators.Control.ControlRequest act in moment)
                {
                    await acts.PlayAsync(act, token);
                }

                await PauseAsync(token);
            }

            Inspector inspector = new(estate, history, startedMs);
            Assert.Empty(await inspector.InspectAsync(token));
            output.WriteLine($"settled in {inspector.Settled.TotalSeconds:F1} s");
            Evidence sound = inspector.Last!;
            Assert.All(Tampering.Kinds, kind =>
            {
                Evidence? tampered = kind.Tamper(sound);
                Assert.True(tampered is not null, $"nothing to try '{kind.Name}' on");
                Assert.True(Inspector.Judge(tampered).Count > 0, $"nobody noticed that {kind.Name}");
            });
        }

        Directory.Delete(folder, recursive: true);
    }

    private static Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(Pause, TimeProvider.System, cancellationToken);
}
