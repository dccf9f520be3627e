namespace IotProperty.Hub.Enrolment;

/// <summary>Whose fault a refusal is.</summary>
public enum EnrolmentRefusalKind
{
    /// <summary>The question itself cannot be used.</summary>
    Malformed,

    /// <summary>No code or certificate that lets one in.</summary>
    NotInvited,

    /// <summary>The hub cannot sign now.</summary>
    NotReady,
}

/// <summary>Why an edge gets no certificate; for its operator and the log.</summary>
public sealed record EnrolmentRefusal(EnrolmentRefusalKind Kind, string Why);
