namespace IotProperty.Hub.Hosting.Configuration;

/// <summary>A password that was read from a file. Prints as dots, so that no record that holds it gives it away.</summary>
public sealed class Secret(string value)
{
    /// <summary>For the connection that needs it, and nothing else.</summary>
    public string Reveal() => value;

    public override string ToString() => "•••";
}
