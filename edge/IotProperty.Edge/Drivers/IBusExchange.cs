using IotProperty.Protocols.Framing;

namespace IotProperty.Edge.Drivers;

/// <summary>Carries single exchanges over a bus: its line itself, or the task that owns the line, between two reads.</summary>
public interface IBusExchange
{
    /// <summary>Carries the exchange that was begun on <paramref name="session"/> to its end. Never throws for what comes from outside.</summary>
    ValueTask<BusReply> ExchangeAsync(IBusMaster session, BusTiming timing, CancellationToken cancellationToken);
}
