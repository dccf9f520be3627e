namespace IotProperty.Hub.Hosting.Configuration;

/// <summary>Something wrong in a configuration file; line and column count from 1.</summary>
internal sealed record ConfigurationMistake(string File, long Line, long Column, string What, string Mend)
{
    public override string ToString() => $"{File}:{Line}:{Column}: {What} — {Mend}";
}
