using System.Security.Cryptography.X509Certificates;

namespace IotProperty.Edge.Control;

/// <summary>What commands need and the site file does not say.</summary>
/// <param name="Authority">Who certifies the hub's key for commands, as it is at the moment.</param>
/// <param name="Password">A meter's password: the first line of the file of this name; null with the reason when it cannot be read. Never logged.</param>
public sealed record CommandTrust(Func<IEnumerable<X509Certificate2>> Authority, Func<string, (string? Password, string Problem)> Password)
{
    /// <summary>Nobody is believed.</summary>
    public static CommandTrust Nobody { get; } = new(() => [], _ => (null, "this edge knows no passwords"));
}
