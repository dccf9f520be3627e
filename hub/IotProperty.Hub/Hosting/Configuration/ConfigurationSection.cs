using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace IotProperty.Hub.Hosting.Configuration;

/// <summary>One mapping of <c>hub.yaml</c> while it is read: takes keys one by one, collects every mistake, and in the end names keys that nobody took.</summary>
internal sealed class ConfigurationSection(string file, string path, YamlMappingNode node, List<ConfigurationMistake> mistakes)
{
    private const long MaxSecretBytes = 4096;

    private readonly List<string> _known = [];

    public YamlMappingNode Node => node;

    /// <summary>A mapping below this one; null when it is not there or is none.</summary>
    public ConfigurationSection? Section(string key)
    {
        switch (Find(key))
        {
            case null:
                return null;
            case YamlMappingNode mapping:
                return new ConfigurationSection(file, Path(key), mapping, mistakes);
            case { } other:
                Mistake(other, $"{Path(key)} holds no keys", "write 'key: value' lines below it, or leave it out");
                return null;
        }
    }

    public string? Text(string key) => Find(key) switch
    {
        null => null,
        YamlScalarNode { Value: { Length: > 0 } text } => text,
        { } other => Wrong(other, key, "is empty or no text", "write a value, or leave the key out"),
    };

    public string RequiredText(string key, string example)
    {
        if (Find(key) is null)
        {
            Mistake(node, $"{Path(key)} is missing", $"add {key}: {example}");
            return "";
        }

        return Text(key) ?? "";
    }

    public int Port(string key, int otherwise) => Find(key) switch
    {
        null => otherwise,
        YamlScalarNode scalar when int.TryParse(scalar.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= 65535 => port,
        { } other => Wrong(other, key, "is no port", $"write a number from 1 to 65535, for instance {otherwise}") is null ? otherwise : otherwise,
    };

    /// <summary>A number from 0 to 1.</summary>
    public double Fraction(string key, double otherwise) => Find(key) switch
    {
        null => otherwise,
        YamlScalarNode scalar when double.TryParse(scalar.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double part) && part is >= 0 and <= 1 => part,
        { } other => Wrong(other, key, "is no number from 0 to 1", $"write for instance {otherwise.ToString(CultureInfo.InvariantCulture)}") is null ? otherwise : otherwise,
    };

    public bool Flag(string key) => Find(key) switch
    {
        null => false,
        YamlScalarNode { Value: "true" } => true,
        YamlScalarNode { Value: "false" } => false,
        { } other => Wrong(other, key, "is neither true nor false", "write true or false") is not null,
    };

    /// <summary>An address of http or https.</summary>
    public Uri RequiredUrl(string key, string example)
    {
        string text = RequiredText(key, example);
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0)
        {
            return url;
        }

        if (text.Length > 0)
        {
            Wrong(Find(key)!, key, "is no address of http or https, or holds a user or password", $"write for instance {example}; secrets belong in files");
        }

        return new Uri(example);
    }

    /// <summary>The full path of a file that must be readable; relative ones stand beside the configuration.</summary>
    public string? FilePath(string key)
    {
        if (Text(key) is not { } name)
        {
            return null;
        }

        string full = System.IO.Path.GetFullPath(name, System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file))!);
        if (!File.Exists(full))
        {
            Wrong(Find(key)!, key, $"names the file {full}, which is not there", "give the path of a readable file; a relative one is looked for beside this file");
        }

        return full;
    }

    /// <summary>The path of a file that the hub may make; its folder must be there.</summary>
    public string? NewFilePath(string key)
    {
        if (Text(key) is not { } name)
        {
            return null;
        }

        string full = System.IO.Path.GetFullPath(name, System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file))!);
        if (!Directory.Exists(System.IO.Path.GetDirectoryName(full)))
        {
            Wrong(Find(key)!, key, $"names the file {full}, whose folder is not there", "make the folder, for the hub's user alone; a relative path is looked for beside this file");
        }

        return full;
    }

    /// <summary>What stands in the file that the key names, without the line's end.</summary>
    public Secret? Secret(string key)
    {
        if (FilePath(key) is not { } full || !File.Exists(full))
        {
            return null;
        }

        try
        {
            FileInfo info = new(full);
            string text = info.Length <= MaxSecretBytes ? File.ReadAllText(full).TrimEnd('\r', '\n') : "";
            if (text.Length > 0)
            {
                return new Secret(text);
            }

            Wrong(Find(key)!, key, $"names the file {full}, which is empty or longer than {MaxSecretBytes} bytes", "put what is secret, and nothing else, into it");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            Wrong(Find(key)!, key, $"names the file {full}, which cannot be read: {unreadable.Message}", "let the hub's user read it");
        }

        return null;
    }

    /// <summary>After the last key: whatever is left is a mistake.</summary>
    public void RefuseOthers()
    {
        foreach (YamlNode key in node.Children.Keys)
        {
            string name = (key as YamlScalarNode)?.Value ?? key.ToString();
            if (_known.Contains(name))
            {
                continue;
            }

            string near = Nearest(name) is { } likely ? $"did you mean {likely}? " : "";
            Mistake(key, $"{Path(name)} is no key of this file", $"{near}the keys here are {string.Join(", ", _known)}");
        }
    }

    /// <summary>At the value of a key that is there.</summary>
    public void MistakeAt(string key, string what, string mend) => Mistake(Find(key) ?? node, $"{Path(key)} {what}", mend);

    public void Mistake(YamlNode at, string what, string mend) => mistakes.Add(new(file, at.Start.Line, at.Start.Column, what, mend));

    private YamlNode? Find(string key)
    {
        if (!_known.Contains(key))
        {
            _known.Add(key);
        }

        return node.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? value) ? value : null;
    }

    private string? Wrong(YamlNode at, string key, string what, string mend)
    {
        Mistake(at, $"{Path(key)} {what}", mend);
        return null;
    }

    private string Path(string key) => path.Length == 0 ? key : $"{path}.{key}";

    private string? Nearest(string name) =>
        _known.Select(known => (known, Distance: Distance(name, known))).Where(k => k.Distance <= 3 && k.Distance < k.known.Length).OrderBy(k => k.Distance).FirstOrDefault().known;

    /// <summary>How many letters must be changed, added or left out, letter case aside.</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= Math.Min(a.Length, 64); i++)
        {
            (int diagonal, row[0]) = (row[0], i);
            for (int j = 1; j <= b.Length; j++)
            {
                int change = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + change));
            }
        }

        return row[b.Length];
    }
}
