using IotProperty.SystemTests.Documents;

namespace IotProperty.SystemTests.Architecture;

public class ReferenceRulesTests
{
    public static TheoryData<string> Projects => [.. ReferenceRules.Projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_keeps_the_reference_rules(string project)
    {
        AssemblyReferences assembly = AssemblyReferences.Read(Path.Combine(AppContext.BaseDirectory, project + ".dll"));

        Assert.Equal(project, assembly.Name);
        Assert.Empty(ReferenceRules.Violations(assembly));
    }

    [Theory]
    [InlineData(ReferenceRules.Edge, "iotp-hub", "iotp-edge must not know iotp-hub")]
    [InlineData(ReferenceRules.Hub, "IotProperty.Edge.Core", "iotp-hub must not know IotProperty.Edge.Core")]
    [InlineData(ReferenceRules.Protocols, "IotProperty.Transports", "IotProperty.Protocols must not know IotProperty.Transports")]
    [InlineData(ReferenceRules.Transports, "IotProperty.Protocols", "IotProperty.Transports must not know IotProperty.Protocols")]
    [InlineData(ReferenceRules.EdgeCore, "IotProperty.Transports", "IotProperty.Edge.Core must not know IotProperty.Transports")]
    [InlineData(ReferenceRules.Simulators, "IotProperty.Edge.Core", "iotp-sim must not know IotProperty.Edge.Core")]
    [InlineData("IotProperty.Shed", "IotProperty.Protocols", "IotProperty.Shed is not in the table of the architecture")]
    public void Broken_reference_rule_is_named(string project, string reference, string expected)
    {
        AssemblyReferences broken = new(project, new HashSet<string> { "System.Runtime", reference }, new HashSet<ReferencedNamespace>());

        Assert.Equal([expected], ReferenceRules.Violations(broken));
    }

    [Theory]
    [InlineData(ReferenceRules.EdgeCore, ReferenceRules.Protocols, "IotProperty.Protocols.Modbus", "uses IotProperty.Protocols.Modbus")]
    [InlineData(ReferenceRules.HubCore, ReferenceRules.Protocols, "IotProperty.Protocols.Mqtt", "uses IotProperty.Protocols.Mqtt")]
    [InlineData(ReferenceRules.Protocols, "System.Net.Sockets", "System.Net.Sockets", "pure and must not use System.Net.Sockets")]
    [InlineData(ReferenceRules.HubCore, "Microsoft.Data.Sqlite", "Microsoft.Data.Sqlite", "pure and must not use Microsoft.Data.Sqlite")]
    public void Broken_namespace_rule_is_named(string project, string owner, string seen, string expected)
    {
        AssemblyReferences broken = new(project, new HashSet<string>(), new HashSet<ReferencedNamespace> { new(owner, seen) });

        Assert.Contains(expected, Assert.Single(ReferenceRules.Violations(broken)), StringComparison.Ordinal);
    }

    /// <summary>This test assembly refers to edge, hub and simulator at once: what the reader finds in it must break every product rule.</summary>
    [Fact]
    public void Real_assembly_that_knows_everybody_is_caught_under_every_project_name()
    {
        AssemblyReferences everybody = AssemblyReferences.Read(typeof(ReferenceRulesTests).Assembly.Location);

        Assert.Contains(ReferenceRules.Edge, everybody.Assemblies);
        Assert.Contains(ReferenceRules.Hub, everybody.Assemblies);
        Assert.All(ReferenceRules.Projects, project => Assert.NotEmpty(ReferenceRules.Violations(everybody with { Name = project })));
    }

    /// <summary>Ties the assembly references of the test above to real uses, so that the compiler does not leave them out.</summary>
    [Fact]
    public void Source_lies_in_the_folders_of_the_layout_and_in_no_others()
    {
        // What builds leave in artifacts/ holds generated source, and other tests build there meanwhile.
        string[] folders =
        [
            .. Directory.EnumerateDirectories(MarkdownSamples.Root)
                .Where(folder => Path.GetFileName(folder) is var name && name[0] != '.' && name != "artifacts" && Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Any())
                .Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal),
        ];
        Assert.Equal(["edge", "hub", "protocols", "simulators", "tests"], folders);
    }

    [Fact]
    public void Edge_and_hub_are_programs_of_their_own()
    {
        Assert.NotEqual(typeof(Edge.Drivers.ILineDriver).Assembly, typeof(Hub.Ingest.IUplinkIngest).Assembly);
    }
}
