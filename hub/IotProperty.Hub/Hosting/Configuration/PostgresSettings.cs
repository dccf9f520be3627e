namespace IotProperty.Hub.Hosting.Configuration;

/// <summary>The PostgreSQL database that keeps the ledger.</summary>
public sealed record PostgresSettings
{
    public required string Host { get; init; }

    public int Port { get; init; } = 5432;

    public required string Database { get; init; }

    public required string User { get; init; }

    /// <summary>Null: the server asks for none (a peer or trust rule, or a certificate in front).</summary>
    public Secret? Password { get; init; }

    /// <summary>Whether the server must show a certificate for its name; otherwise TLS is used where the server offers it.</summary>
    public bool Tls { get; init; }

    /// <summary>The authority of the server's certificate (PEM); null: the system's.</summary>
    public string? CaFile { get; init; }

    public override string ToString() => $"PostgreSQL {User}@{Host}:{Port}/{Database}";
}
