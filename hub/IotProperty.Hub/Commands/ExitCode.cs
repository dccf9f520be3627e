namespace IotProperty.Hub.Commands;

/// <summary>The exit codes of every command, as <c>--help</c> documents them.</summary>
public static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The command was understood and failed while it ran.</summary>
    public const int Failed = 1;

    /// <summary>The command line or what it points to is wrong; the message says how to mend it.</summary>
    public const int BadUsage = 2;

    /// <summary><c>reconcile</c>: something is lost, doubled or damaged, and no edge has said so.</summary>
    public const int UndeclaredDifference = 3;

    /// <summary><c>migrate-store</c>: what was read back from the new stores is not what the embedded ones hold.</summary>
    public const int StoresDiffer = 3;

    /// <summary><c>audit verify</c>: the chain is not as it was written.</summary>
    public const int AuditBroken = 3;
}

/// <summary>The user asked for something that cannot be; the message names the place and the mend. Ends the command with <see cref="ExitCode.BadUsage"/>.</summary>
public sealed class UsageException(string message) : Exception(message);
