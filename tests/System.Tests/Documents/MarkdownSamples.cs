using System.Text.RegularExpressions;

namespace IotProperty.SystemTests.Documents;

/// <summary>The fenced samples of a document of this repository, with the line they begin at.</summary>
internal static partial class MarkdownSamples
{
    /// <summary>The repository's root: the folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<(int Line, string Text)> Of(string document, string language)
    {
        string markdown = File.ReadAllText(Path.Combine(Root, document));
        return
        [
            .. Fence().Matches(markdown)
                .Where(fence => fence.Groups["language"].Value == language)
                .Select(fence => (1 + markdown[..fence.Index].Count(c => c == '\n'), Unindent(fence))),
        ];
    }

    private static string Unindent(Match fence)
    {
        string indent = fence.Groups["indent"].Value;
        IEnumerable<string> lines = fence.Groups["text"].Value.Split('\n')
            .Select(line => line.StartsWith(indent, StringComparison.Ordinal) ? line[indent.Length..] : line);
        return string.Join('\n', lines);
    }

    private static string FindRoot()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "IotProperty.sln")))
        {
            at = at.Parent;
        }

        return at?.FullName ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }

    [GeneratedRegex(@"^(?<indent>[ ]*)```(?<language>\w+)\n(?<text>.*?)^\k<indent>```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
