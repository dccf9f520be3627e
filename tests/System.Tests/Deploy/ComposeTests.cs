using IotProperty.SystemTests.Documents;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace IotProperty.SystemTests.Deploy;

/// <summary>The compose file's form (https://github.com/compose-spec/compose-spec), and that what it mounts is what we ship. Nothing here runs it.</summary>
public sealed class ComposeTests
{
    private static readonly string[] KeysOfService =
    [
        "image", "build", "command", "network_mode", "depends_on", "read_only", "tmpfs", "cap_drop", "security_opt", "stop_grace_period", "restart", "environment", "secrets", "volumes", "healthcheck",
    ];

    /// <summary>What the operator makes beside the file, as its head says.</summary>
    private static readonly string[] MadeByOperator = ["./hub", "./secrets/"];

    private readonly Dictionary<object, object> _compose = Read();

    [Fact]
    public void Services_have_images_known_keys_and_parts_that_are_declared()
    {
        Assert.Equal(["name", "secrets", "services", "volumes"], _compose.Keys.Cast<string>().Where(key => !key.StartsWith("x-", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Dictionary<object, object> services = Map(_compose["services"]);
        HashSet<object> usedVolumes = [];
        foreach ((object name, object value) in services)
        {
            Dictionary<object, object> service = Map(value);
            Assert.Empty(service.Keys.Cast<string>().Except(KeysOfService));
            Assert.True(service.ContainsKey("image") != service.ContainsKey("build"), $"{name} wants an image or a build");
            Assert.Equal("host", service["network_mode"]);
            Assert.Equal("always", service["restart"]);
            foreach (object other in service.TryGetValue("depends_on", out object? depends) ? Map(depends).Keys.ToArray() : [])
            {
                Assert.Contains(other, services.Keys);
            }

            foreach (string volume in service.TryGetValue("volumes", out object? volumes) ? List(volumes) : [])
            {
                string source = volume.Split(':')[0];
                if (source.StartsWith("./", StringComparison.Ordinal))
                {
                    bool shipped = Path.Exists(Path.Combine(MarkdownSamples.Root, "deploy", source));
                    Assert.True(shipped || MadeByOperator.Any(made => source.StartsWith(made, StringComparison.Ordinal)), $"{name} mounts {source}, which is not there");
                    Assert.EndsWith(":ro", volume, StringComparison.Ordinal);
                }
                else
                {
                    usedVolumes.Add(source);
                }
            }

            foreach (string secret in service.TryGetValue("secrets", out object? secrets) ? List(secrets) : [])
            {
                Assert.Contains(secret, Map(_compose["secrets"]).Keys);
            }
        }

        Assert.Equal(Map(_compose["volumes"]).Keys.ToHashSet(), usedVolumes);
    }

    [Fact]
    public void Nothing_but_the_brokers_side_for_edges_listens_beyond_the_machine()
    {
        foreach (string hub in new[] { "hub-1", "hub-2" })
        {
            Dictionary<object, object> service = Map(Map(_compose["services"])[hub]);
            string[] command = [.. List(service["command"])];
            Assert.StartsWith("127.0.0.1:", command[Array.IndexOf(command, "--http") + 1], StringComparison.Ordinal);
            Assert.StartsWith("127.0.0.1:", command[Array.IndexOf(command, "--mqtt") + 1], StringComparison.Ordinal);
        }

        foreach (string line in File.ReadLines(Path.Combine(MarkdownSamples.Root, "deploy/influxdb/iotp.conf")).Where(line => line.Contains("bind-address", StringComparison.Ordinal)))
        {
            Assert.Contains("\"127.0.0.1:", line, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("listen_addresses", File.ReadAllText(Path.Combine(MarkdownSamples.Root, "deploy/postgres/iotp.conf")), StringComparison.Ordinal);
    }

    private static Dictionary<object, object> Read()
    {
        using StreamReader text = File.OpenText(Path.Combine(MarkdownSamples.Root, "deploy/compose.yaml"));
        return new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(text)));
    }

    private static Dictionary<object, object> Map(object value) => (Dictionary<object, object>)value;

    private static IEnumerable<string> List(object value) => ((List<object>)value).Cast<string>();
}
