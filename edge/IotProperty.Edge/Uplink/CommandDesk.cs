using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Uplink;

/// <summary>
/// Answers the hub's commands. This version carries none out: each is refused through the event lane, once per id as far as remembered; the hub
/// knows a repeated result by its id. Used by one task at a time.
/// </summary>
internal sealed class CommandDesk(IOutbox outbox, EdgeClock clock, ILogger logger)
{
    private const int MaxIdChars = 64;
    private const int MaxRemembered = 256;
    private readonly HashSet<string> _answered = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>Returns whether the command was answered now.</summary>
    public async ValueTask<bool> RefuseAsync(string id, CancellationToken cancellationToken)
    {
        if (id.Length is 0 or > MaxIdChars || _answered.Contains(id))
        {
            return false;
        }

        Moment now = clock.Now();
        CommandResult result = new(id, CommandOutcome.Refused, "this version of the edge knows no commands", now.UtcMs, now.ClockTrusted);
        try
        {
            await outbox.AddAsync(new OutboxEvents { CommandResults = [result] }, cancellationToken).ConfigureAwait(false);
        }
        catch (OutboxUnavailableException unavailable)
        {
            // Not remembered as answered: when the hub repeats the command it is answered.
            UplinkLog.CommandNotAnswered(logger, Quoted.Of(id), unavailable.Message);
            return false;
        }

        UplinkLog.CommandRefused(logger, Quoted.Of(id));
        _answered.Add(id);
        _order.Enqueue(id);
        if (_order.Count > MaxRemembered)
        {
            _answered.Remove(_order.Dequeue());
        }

        return true;
    }
}
