using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IotProperty.Edge.Profiles;

/// <summary>Where something stands in a file; both 1-based.</summary>
internal readonly record struct SourcePosition(string File, int Line, int Column);

internal abstract record YamlNode(SourcePosition At);

internal sealed record YamlScalar(string Text, SourcePosition At) : YamlNode(At);

internal sealed record YamlSequence(ImmutableArray<YamlNode> Items, SourcePosition At) : YamlNode(At);

internal sealed record YamlEntry(string Key, SourcePosition KeyAt, YamlNode Value);

internal sealed record YamlMapping(ImmutableArray<YamlEntry> Entries, SourcePosition At) : YamlNode(At)
{
    public YamlNode? Find(string key)
    {
        foreach (YamlEntry entry in Entries)
        {
            if (entry.Key == key)
            {
                return entry.Value;
            }
        }

        return null;
    }
}

/// <summary>
/// Reads one YAML document into nodes that know where they stand. A small part of YAML on purpose: no anchors, aliases or tags (a configuration
/// that says the same thing in two places cannot be checked by reading it), no second document, and a bounded depth.
/// </summary>
internal sealed class YamlTree
{
    private const int MaxDepth = 16;
    private const string Mend = "mend the indentation, quotes or brackets here or just above";

    private readonly string _file;
    private readonly List<ConfigurationMistake> _mistakes;
    private readonly Parser _parser;

    private YamlTree(SourceText source, List<ConfigurationMistake> mistakes)
    {
        _file = source.File;
        _mistakes = mistakes;
        _parser = new Parser(new StringReader(source.Text));
    }

    /// <summary>The document's root, or null after adding the mistake that made it unreadable.</summary>
    public static YamlMapping? Read(SourceText source, List<ConfigurationMistake> mistakes)
    {
        YamlTree tree = new(source, mistakes);
        try
        {
            return tree.ReadDocument();
        }
        catch (YamlException broken)
        {
            tree.Mistake(broken.Start, $"this is not YAML: {Sentence(broken.Message)}", Mend);
            return null;
        }
        catch (InvalidOperationException)
        {
            // YamlDotNet's scanner answers some unbalanced brackets so, without a place; the last thing it understood is near.
            tree.Mistake(tree._parser.Current?.End ?? Mark.Empty, "this is not YAML: a bracket or brace is not closed", Mend);
            return null;
        }
    }

    private static string Sentence(string message)
    {
        // YamlDotNet puts its own position in front of some messages.
        int end = message.StartsWith('(') ? message.IndexOf("): ", StringComparison.Ordinal) : -1;
        return message[(end < 0 ? 0 : end + 3)..].TrimEnd('.').ReplaceLineEndings(" ");
    }

    private YamlMapping? ReadDocument()
    {
        _parser.MoveNext();
        Expect<StreamStart>();
        if (_parser.Current is StreamEnd)
        {
            Mistake(_parser.Current.Start, "the file is empty", "write the keys that edge/profiles/README.md names");
            return null;
        }

        Expect<DocumentStart>();
        YamlNode? root = ReadNode(0);
        if (root is null)
        {
            return null;
        }

        Expect<DocumentEnd>();
        if (_parser.Current is not StreamEnd)
        {
            Mistake(_parser.Current!.Start, "a second document begins here", "put it into a file of its own");
        }

        if (root is YamlMapping mapping)
        {
            return mapping;
        }

        _mistakes.Add(new(root.At.File, root.At.Line, root.At.Column, "the file is not a list of keys", "begin with 'key: value' lines"));
        return null;
    }

    /// <summary>Null after a mistake that leaves nothing to read on from.</summary>
    private YamlNode? ReadNode(int depth)
    {
        ParsingEvent current = _parser.Current ?? throw new YamlException("the file ends too early");
        if (depth > MaxDepth)
        {
            Mistake(current.Start, "the keys are nested too deeply", $"use at most {MaxDepth} levels");
            return null;
        }

        if (current is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
        {
            Mistake(current.Start, "anchors and aliases are not read here", "write the value out");
            return null;
        }

        SourcePosition at = Position(current.Start);
        switch (current)
        {
            case Scalar scalar:
                _parser.MoveNext();
                return new YamlScalar(scalar.Value, at);
            case SequenceStart:
                _parser.MoveNext();
                return ReadSequence(at, depth);
            case MappingStart:
                _parser.MoveNext();
                return ReadMapping(at, depth);
            default:
                throw new YamlException(current.Start, current.End, "a value is missing");
        }
    }

    private YamlSequence? ReadSequence(SourcePosition at, int depth)
    {
        ImmutableArray<YamlNode>.Builder items = ImmutableArray.CreateBuilder<YamlNode>();
        while (_parser.Current is not SequenceEnd)
        {
            if (ReadNode(depth + 1) is not { } item)
            {
                return null;
            }

            items.Add(item);
        }

        _parser.MoveNext();
        return new YamlSequence(items.ToImmutable(), at);
    }

    private YamlMapping? ReadMapping(SourcePosition at, int depth)
    {
        Dictionary<string, SourcePosition> seen = [];
        ImmutableArray<YamlEntry>.Builder entries = ImmutableArray.CreateBuilder<YamlEntry>();
        while (_parser.Current is not MappingEnd)
        {
            YamlNode? key = ReadNode(depth + 1);
            YamlNode? value = key is null ? null : ReadNode(depth + 1);
            if (key is null || value is null)
            {
                return null;
            }

            if (key is not YamlScalar name)
            {
                _mistakes.Add(new(key.At.File, key.At.Line, key.At.Column, "a key must be a plain word", "write 'key: value'"));
            }
            else if (!seen.TryAdd(name.Text, name.At))
            {
                _mistakes.Add(new(_file, name.At.Line, name.At.Column, $"'{name.Text}' is already given in line {seen[name.Text].Line}", "keep one of the two"));
            }
            else
            {
                entries.Add(new YamlEntry(name.Text, name.At, value));
            }
        }

        _parser.MoveNext();
        return new YamlMapping(entries.ToImmutable(), at);
    }

    private void Expect<T>()
        where T : ParsingEvent
    {
        if (_parser.Current is not T)
        {
            throw new YamlException(_parser.Current?.Start ?? Mark.Empty, _parser.Current?.End ?? Mark.Empty, "a value is missing");
        }

        _parser.MoveNext();
    }

    private void Mistake(in Mark mark, string what, string mend)
    {
        SourcePosition at = Position(mark);
        _mistakes.Add(new(at.File, at.Line, at.Column, what, mend));
    }

    private SourcePosition Position(in Mark mark) => new(_file, (int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));
}
