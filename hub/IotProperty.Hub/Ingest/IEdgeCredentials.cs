namespace IotProperty.Hub.Ingest;

/// <summary>Decides who may come in at the front door.</summary>
public interface IEdgeCredentials
{
    /// <summary>
    /// Returns the site that this edge may speak for, or null when user name, password and client id do not belong together.
    /// Takes the same time for an unknown user as for a wrong password.
    /// </summary>
    ValueTask<string?> AuthenticateAsync(string clientId, string user, ReadOnlyMemory<byte> password, CancellationToken cancellationToken);
}
