using IotProperty.Hub.Storage;
using IotProperty.SystemTests.Simulation;

namespace IotProperty.Hub.Tests.Telemetry;

/// <summary>The simulation's telemetry store keeps what the real ones keep. What is in memory is committed, so a kill leaves all of it.</summary>
public sealed class MemoryTelemetryStoreTests : TelemetryStoreConformance
{
    private readonly MemoryTelemetryStore _store = new(() => CommitFate.Success);

    protected override Task<ITelemetryStore> OpenAsync() => Task.FromResult<ITelemetryStore>(_store);

    protected override Task CloseAsync(ITelemetryStore store) => Task.CompletedTask;

    protected override Task<ITelemetryStore> OpenAfterKillAsync() => Task.FromResult<ITelemetryStore>(_store);
}
