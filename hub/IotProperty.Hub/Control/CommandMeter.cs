using System.Diagnostics.Metrics;
using IotProperty.Hub.Ingest;

namespace IotProperty.Hub.Control;

/// <summary>What this hub ordered of edges and how it was brought on its way, for <c>/metrics</c>; answers are counted where they are taken in. Safe on any task.</summary>
public sealed class CommandMeter : IDisposable
{
    private readonly Meter _meter = new("IotProperty.Hub.Commands");
    private readonly Counter<long> _ordered;
    private readonly Counter<long> _tries;
    private readonly Counter<long> _notTaken;

    public CommandMeter()
    {
        _ordered = _meter.CreateCounter<long>("iotp_commands_ordered_total", description: "Commands that were ordered at this hub, by what they bring about.");
        _tries = _meter.CreateCounter<long>("iotp_command_tries_total", description: "Tries to give a command to its edge or a broker, by what became of them.");
        _notTaken = _meter.CreateCounter<long>("iotp_commands_not_taken_total", description: "Commands that expired before this hub could give them to an edge or a broker.");
    }

    public void Ordered(CommandEffect effect) => _ordered.Add(1, new KeyValuePair<string, object?>("effect", EnumName.Kebab(effect)));

    public void Tried(DownlinkOutcome outcome) => Tried(EnumName.Kebab(outcome));

    /// <summary>No word of it came before the command expired.</summary>
    public void TryExpired() => Tried("expired");

    /// <summary>It could not even be signed or sent.</summary>
    public void TryFailed() => Tried("failed");

    /// <summary>A command expired without an answer, after tries of which none was taken.</summary>
    public void NotTaken() => _notTaken.Add(1);

    public void Dispose() => _meter.Dispose();

    private void Tried(string result) => _tries.Add(1, new KeyValuePair<string, object?>("result", result));
}
