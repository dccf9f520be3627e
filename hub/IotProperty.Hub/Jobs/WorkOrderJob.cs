using IotProperty.Hub.Maintenance;
using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Jobs;

/// <summary>Gives waiting orders to those who are free by now, and closes completed ones that nobody objected to.</summary>
public sealed class WorkOrderJob(Ledger ledger) : IJob
{
    // What one transaction takes at most; the next run takes the rest.
    private const int Limit = 500;

    public string Name => "work-orders";

    public TimeSpan Every { get; } = TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken cancellationToken) => await ledger.WriteAsync(
        async change =>
        {
            WorkOrderBook orders = new(change);
            return await orders.CloseCompletedAsync(Limit) + await orders.AssignWaitingAsync(Limit);
        },
        cancellationToken);
}
