namespace IotProperty.Hub.Audit;

/// <summary>Who acted. The numeric values are in the database and never change.</summary>
public enum ActorKind : byte
{
    /// <summary>The hub itself: a job, or what an edge brought about.</summary>
    Hub = 0,

    /// <summary>Somebody who is logged in.</summary>
    Person = 1,

    /// <summary>A program with a token.</summary>
    Token = 2,

    /// <summary>A user of the hub's machine, by a command.</summary>
    Command = 3,

    /// <summary>Somebody who is not logged in.</summary>
    Stranger = 4,
}

/// <summary>How it ended. The numeric values are in the database and never change.</summary>
public enum AuditOutcome : byte
{
    Done = 0,

    /// <summary>It was not allowed; nothing was changed.</summary>
    Refused = 1,
}

/// <summary>What was done by whom to what, before it has its place in the chain.</summary>
/// <param name="Actor">Who.</param>
/// <param name="Action">What: one of <see cref="AuditAction"/>.</param>
/// <param name="ObjectKind">Of which kind the object is: <c>alarm</c>, <c>invoice</c>, …; <c>route</c> for a refusal.</param>
/// <param name="ObjectId">Which one.</param>
/// <param name="Site">Empty: of no single site.</param>
/// <param name="Detail">What else an auditor needs; never a secret, a name of a resident or a number.</param>
public readonly record struct AuditNote(
    Actor Actor, string Action, string ObjectKind, string ObjectId, string Site, string Detail = "", AuditOutcome Outcome = AuditOutcome.Done);

/// <summary>Somebody who does something at the hub.</summary>
/// <param name="Name">The login name, the token's name, or the user of the hub's machine; empty for a stranger whose name the hub does not know.</param>
/// <param name="Origin">The network address that the request came from, or <c>command line</c>; empty for the hub itself.</param>
public readonly record struct Actor(ActorKind Kind, string Name, string Origin)
{
    public static Actor Hub { get; } = new(ActorKind.Hub, "hub", "");
}

/// <summary>One link of the audit chain, as it stands in the ledger for good.</summary>
public sealed record AuditEntry
{
    /// <summary>The place in the chain, from 1, without a hole.</summary>
    public required long Sequence { get; init; }

    /// <summary>By the hub's clock; milliseconds since the Unix epoch, UTC.</summary>
    public required long AtMs { get; init; }

    public required ActorKind ActorKind { get; init; }

    public required string Actor { get; init; }

    public required string Action { get; init; }

    public required string ObjectKind { get; init; }

    public required string ObjectId { get; init; }

    /// <summary>Empty: of no single site.</summary>
    public required string Site { get; init; }

    public required string Origin { get; init; }

    public required AuditOutcome Outcome { get; init; }

    public required string Detail { get; init; }

    /// <summary>The <see cref="Hash"/> of the entry before; <see cref="AuditChain.Start"/> for the first.</summary>
    public required string PreviousHash { get; init; }

    /// <summary>See <see cref="AuditChain.HashOf"/>.</summary>
    public required string Hash { get; init; }
}

/// <summary>The last link of the chain: what an operator keeps elsewhere to find out later whether its end was cut off.</summary>
public sealed record AuditHead(long Sequence, string Hash)
{
    /// <summary>There is one.</summary>
    public int Id { get; init; } = 1;

    /// <summary><c>SEQUENCE:HASH</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Sequence}:{Hash}");
}
