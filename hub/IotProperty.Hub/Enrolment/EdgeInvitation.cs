namespace IotProperty.Hub.Enrolment;

/// <summary>A one-time permission for one edge to get its first certificate.</summary>
public sealed class EdgeInvitation
{
    /// <summary>The code's first digits.</summary>
    public required string Id { get; init; }

    public required string Site { get; init; }

    /// <summary>SHA-256 of the code's secret, which is 128 random bits; the secret itself is not kept.</summary>
    public required string SecretHash { get; init; }

    /// <summary>Milliseconds since the Unix epoch, UTC; so are the others.</summary>
    public required long CreatedMs { get; init; }

    public required long ExpiresMs { get; init; }

    /// <summary>How often the code may still be tried.</summary>
    public required int AttemptsLeft { get; set; }

    /// <summary>Null while nobody has used it.</summary>
    public long? UsedMs { get; set; }

    /// <summary>The certificate that it brought.</summary>
    public string? Serial { get; set; }
}
