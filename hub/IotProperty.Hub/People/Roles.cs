namespace IotProperty.Hub.People;

/// <summary>What a person or token is at the hub. The texts are in the database, in tokens and on the command line, and never change.</summary>
public static class Roles
{
    public const string Administrator = "administrator";

    /// <summary>Keeps the equipment running: alarms, work orders, assets, plans.</summary>
    public const string Engineer = "engineer";

    /// <summary>Watches doors and alarms.</summary>
    public const string Guard = "guard";

    /// <summary>Residents, meters, tariffs, invoices.</summary>
    public const string Billing = "billing";

    /// <summary>Sees how the building and its accounts stand, changes nothing, and does not see who lives where.</summary>
    public const string ReadOnly = "read-only";

    public static IReadOnlyList<string> All { get; } = [Administrator, Engineer, Guard, Billing, ReadOnly];
}
