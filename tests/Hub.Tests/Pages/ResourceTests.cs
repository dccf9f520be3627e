using System.Text.RegularExpressions;
using System.Xml.Linq;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Pages;

/// <summary>Both languages say everything, and the pages ask for nothing else.</summary>
public sealed partial class ResourceTests
{
    private static readonly string HubFolder = Path.Combine(RepositoryFolder(), "hub", "IotProperty.Hub");

    [Fact]
    public void Both_languages_hold_the_same_keys_and_places()
    {
        Dictionary<string, string> english = Texts("Text.resx");
        Dictionary<string, string> chinese = Texts("Text.zh-CN.resx");
        Assert.True(english.Count > 200);
        Assert.Equal(english.Keys.Order(StringComparer.Ordinal), chinese.Keys.Order(StringComparer.Ordinal));
        Assert.All(english, text => Assert.Equal((text.Key, Places(text.Value)), (text.Key, Places(chinese[text.Key]))));
        Assert.All(english.Concat(chinese), text => Assert.False(string.IsNullOrWhiteSpace(text.Value), text.Key));
    }

    [Fact]
    public void Every_key_that_the_pages_name_is_there()
    {
        Dictionary<string, string> english = Texts("Text.resx");
        string[] files =
        [
            .. Directory.EnumerateFiles(Path.Combine(HubFolder, "Pages"), "*.razor", SearchOption.AllDirectories),
            .. Directory.EnumerateFiles(Path.Combine(HubFolder, "Pages"), "*.cs", SearchOption.AllDirectories),
        ];
        string[] used = [.. files.SelectMany(file => LiteralKey().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value)).Distinct()];
        Assert.True(used.Length > 100);

        // T("level", value) names a family of keys; the next test holds that it is complete.
        Assert.DoesNotContain(used, key => !english.ContainsKey(key) && !english.Keys.Any(known => known.StartsWith(key + ".", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("level", typeof(IotProperty.Protocols.Uplink.AlarmLevel))]
    [InlineData("cause", typeof(IotProperty.Protocols.Uplink.AlarmCause))]
    [InlineData("quality", typeof(IotProperty.Protocols.Uplink.Quality))]
    [InlineData("access-kind", typeof(IotProperty.Protocols.Uplink.AccessEventKind), "credential")]
    [InlineData("access-decision", typeof(IotProperty.Protocols.Uplink.AccessDecision))]
    [InlineData("access-reason", typeof(IotProperty.Protocols.Uplink.AccessReason))]
    [InlineData("command-effect", typeof(IotProperty.Hub.Control.CommandEffect))]
    [InlineData("command-reason", typeof(CommandReason), "none")]
    [InlineData("command-state", typeof(IotProperty.Hub.Control.CommandState))]
    [InlineData("freshness", typeof(IotProperty.Hub.Overview.Freshness))]
    [InlineData("lane", typeof(IotProperty.Protocols.Uplink.Lane))]
    [InlineData("standing", typeof(IotProperty.Hub.Pages.Reconciliation.HourStanding))]
    [InlineData("standing-meaning", typeof(IotProperty.Hub.Pages.Reconciliation.HourStanding))]
    [InlineData("alarm-state", typeof(IotProperty.Hub.Alarms.AlarmState))]
    [InlineData("work-order-status", typeof(IotProperty.Hub.Maintenance.WorkOrderStatus))]
    [InlineData("work-order-step", typeof(IotProperty.Hub.Maintenance.WorkOrderStatus))]
    [InlineData("work-order-entry", typeof(IotProperty.Hub.Maintenance.WorkOrderEntryKind))]
    [InlineData("origin", typeof(IotProperty.Hub.Maintenance.WorkOrderOrigin))]
    [InlineData("priority", typeof(IotProperty.Hub.Maintenance.WorkOrderPriority))]
    [InlineData("occupant-role", typeof(IotProperty.Hub.Registry.OccupantRole))]
    [InlineData("boundary", typeof(IotProperty.Hub.Billing.BoundarySource), "reading")]
    public void Every_value_has_its_words(string prefix, Type values, string? withoutWords = null)
    {
        Dictionary<string, string> english = Texts("Text.resx");
        string[] keys = [.. Enum.GetNames(values).Select(System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName).Where(name => name != withoutWords).Select(name => $"{prefix}.{name}")];
        Assert.NotEmpty(keys);
        Assert.Empty(keys.Except(english.Keys));
    }

    internal static string[] Keys(string file) => [.. Texts(file).Keys];

    private static Dictionary<string, string> Texts(string file) =>
        XDocument.Load(Path.Combine(HubFolder, "Resources", file)).Root!.Elements("data")
            .ToDictionary(data => data.Attribute("name")!.Value, data => data.Element("value")!.Value);

    private static string Places(string text) => string.Join(' ', Place().Matches(text).Select(match => match.Value).Order(StringComparer.Ordinal));

    private static string RepositoryFolder()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "IotProperty.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("the tests do not run inside the repository");
    }

    [GeneratedRegex("""\bT\("([a-z0-9.-]+)"[,)]""")]
    private static partial Regex LiteralKey();

    [GeneratedRegex(@"\{\d+\}")]
    private static partial Regex Place();
}
