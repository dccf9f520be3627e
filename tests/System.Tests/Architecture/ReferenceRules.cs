namespace IotProperty.SystemTests.Architecture;

/// <summary>Who may know whom. The table is the one of the architecture; a project that is not in it is a violation too.</summary>
internal static class ReferenceRules
{
    public const string Protocols = "IotProperty.Protocols";
    public const string Transports = "IotProperty.Transports";
    public const string EdgeCore = "IotProperty.Edge.Core";
    public const string Edge = "iotp-edge";
    public const string HubCore = "IotProperty.Hub.Core";
    public const string Hub = "iotp-hub";
    public const string Simulators = "iotp-sim";

    /// <summary>The namespace that is all the cores may see of the protocols.</summary>
    public const string UplinkNamespace = "IotProperty.Protocols.Uplink";

    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        [Protocols] = [],
        [Transports] = [],
        [EdgeCore] = [Protocols],
        [Edge] = [EdgeCore, Protocols, Transports],
        [HubCore] = [Protocols],
        [Hub] = [HubCore, Protocols],
        [Simulators] = [Protocols, Transports],
    };

    /// <summary>What the pure projects must not touch: the outside world in any form.</summary>
    private static readonly string[] ImpureNamespaces =
    [
        "System.Net.Sockets", "System.Net.Http", "System.IO.Pipes", "System.IO.Ports", "System.Data", "Microsoft.Data.Sqlite",
        "Microsoft.AspNetCore", "Microsoft.Extensions.Logging", "Microsoft.Extensions.Hosting", "System.Threading.Channels", "System.Threading.Tasks",
    ];

    private static readonly string[] Pure = [Protocols, EdgeCore, HubCore];

    public static IReadOnlyCollection<string> Projects => MayKnow.Keys;

    /// <summary>Every breach of the rules by one assembly, in words; empty when it keeps them.</summary>
    public static IReadOnlyList<string> Violations(AssemblyReferences assembly)
    {
        if (!MayKnow.TryGetValue(assembly.Name, out string[]? allowed))
        {
            return [$"{assembly.Name} is not in the table of the architecture"];
        }

        List<string> violations = [];
        foreach (string other in assembly.Assemblies.Where(IsOurs).Except(allowed).Order(StringComparer.Ordinal))
        {
            violations.Add($"{assembly.Name} must not know {other}");
        }

        if (assembly.Name is EdgeCore or HubCore)
        {
            foreach (ReferencedNamespace seen in assembly.Namespaces.Where(n => n.Assembly == Protocols && n.Namespace != UplinkNamespace))
            {
                violations.Add($"{assembly.Name} may see {UplinkNamespace} only, but uses {seen.Namespace}");
            }
        }

        if (Pure.Contains(assembly.Name))
        {
            foreach (ReferencedNamespace seen in assembly.Namespaces.Where(n => ImpureNamespaces.Any(impure => IsInside(n.Namespace, impure))))
            {
                violations.Add($"{assembly.Name} is pure and must not use {seen.Namespace}");
            }
        }

        return violations;
    }

    private static bool IsOurs(string assembly) =>
        assembly.StartsWith("IotProperty.", StringComparison.Ordinal) || assembly.StartsWith("iotp-", StringComparison.Ordinal);

    private static bool IsInside(string name, string outer) =>
        name == outer || name.StartsWith(outer + ".", StringComparison.Ordinal);
}
