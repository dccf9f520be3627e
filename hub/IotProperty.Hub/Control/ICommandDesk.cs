namespace IotProperty.Hub.Control;

/// <summary>A command that was ordered now, or before by a request with the same id.</summary>
/// <param name="IsNew">False: the request was a repeat, and nothing was ordered anew.</param>
public sealed record PlacedCommand(CommandRecord Command, bool IsNew);

/// <summary>Which commands are wanted; what is null does not narrow.</summary>
public readonly record struct CommandQuery(string? Site = null, string? Device = null);

/// <summary>Commands to edges: ordered, kept, and told of. Who may order what is the caller's to see to. Safe for callers on any task.</summary>
public interface ICommandDesk
{
    /// <summary>
    /// Writes the command and its entry of the audit log in one transaction; from then on it is sent until the edge has it or it expires. A request with an id that the site
    /// has already orders nothing: it gets the same command if it asks for the same, and a conflict otherwise.
    /// </summary>
    ValueTask<Result<PlacedCommand>> OrderAsync(string site, CommandRequest request, string askedBy, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    ValueTask<Page<CommandRecord>> ListAsync(CommandQuery query, PageRequest page, CancellationToken cancellationToken);

    ValueTask<CommandRecord?> FindAsync(string site, string id, CancellationToken cancellationToken);
}
