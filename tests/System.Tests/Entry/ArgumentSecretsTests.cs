using System.Text.RegularExpressions;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Entry;

/// <summary>What stands in a program's arguments everybody on the machine can read, so no option takes a secret itself.</summary>
public sealed partial class ArgumentSecretsTests
{
    /// <summary>The one-time code may be typed, because it is worth nothing once it was used; there is a file for it as well.</summary>
    private static readonly string[] MayBeTyped = ["enroll --code"];

    public static TheoryData<string, string, int> Programs { get; } = new()
    {
        { "iotp-edge", BuiltPrograms.Edge, 2 },
        { "iotp-hub", BuiltPrograms.Hub, 3 },
    };

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Every_option_for_a_secret_names_a_file(string name, string program, int atLeast)
    {
        List<(string Option, bool IsFile)> secrets = [];
        await WalkAsync(program, [], secrets);
        Assert.True(secrets.Count >= atLeast, $"{name} has {secrets.Count} options for secrets: {string.Join(", ", secrets)}");
        Assert.Equal(MayBeTyped.Where(_ => name == "iotp-edge"), secrets.Where(secret => !secret.IsFile).Select(secret => secret.Option));
    }

    private static async Task WalkAsync(string program, string[] command, List<(string Option, bool IsFile)> secrets)
    {
        (int exitCode, string help, string errors) = await PeerProcess.RunAsync(program, [.. command, "--help"]);
        Assert.True(exitCode == 0, errors);
        foreach (Match option in Option().Matches(help))
        {
            secrets.Add(($"{string.Join(' ', command)} {option.Groups["name"].Value}", option.Groups["value"].Value is "FILE" or "PATH"));
        }

        foreach (Match below in Command().Matches(help.Split("\nCommands:") is [_, var commands] ? commands : ""))
        {
            await WalkAsync(program, [.. command, below.Groups["name"].Value], secrets);
        }
    }

    [GeneratedRegex("""^ +(?:-\w, )?(?<name>--[a-z-]*(?:key|password|secret|token|credential|code)[a-z-]*) <(?<value>[^>]+)>""", RegexOptions.Multiline)]
    private static partial Regex Option();

    [GeneratedRegex("""^  (?<name>[a-z][a-z-]*)(?: |$)""", RegexOptions.Multiline)]
    private static partial Regex Command();
}
