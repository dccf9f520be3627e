namespace IotProperty.Edge.Profiles;

/// <summary>A file as the shell read it.</summary>
/// <param name="File">Its name as people shall see it in messages.</param>
public sealed record SourceText(string File, string Text);

/// <summary>One mistake in a configuration file: where, what is wrong, and what to write instead.</summary>
/// <param name="Line">1-based.</param>
/// <param name="Column">1-based.</param>
public sealed record ConfigurationMistake(string File, int Line, int Column, string What, string Mend)
{
    public override string ToString() => $"{File}:{Line}:{Column}: {What} — {Mend}";
}
