namespace IotProperty.Hub.Audit;

/// <summary>What can be done. The texts are in the chain and never change.</summary>
public static class AuditAction
{
    public const string LoggedIn = "login";
    public const string LoginFailed = "login-failed";

    /// <summary>Too many failed logins: the account is closed for a while.</summary>
    public const string LockedOut = "lockout";

    /// <summary>The account that was closed for a while is open again.</summary>
    public const string Unlocked = "unlock";

    public const string LoggedOut = "logout";
    public const string PasswordChanged = "password-changed";
    public const string PersonAdded = "user-added";
    public const string PasswordReset = "password-reset";
    public const string PersonRemoved = "user-removed";
    public const string RoleGranted = "role-granted";
    public const string RoleRevoked = "role-revoked";
    public const string TokenCreated = "token-created";
    public const string TokenRevoked = "token-revoked";
    public const string EdgeAdded = "edge-added";
    public const string EdgeRenewed = "edge-renewed";
    public const string EdgeInvited = "edge-invited";
    public const string EdgeEnrolled = "edge-enrolled";
    public const string EdgeCertificateRenewed = "edge-certificate-renewed";
    public const string EdgeRevoked = "edge-revoked";

    /// <summary>The role or the site did not allow it.</summary>
    public const string Refused = "refused";

    /// <summary>A token that is unknown, over or revoked was shown.</summary>
    public const string TokenRefused = "token-refused";

    /// <summary>Too many requests of one sender.</summary>
    public const string RateLimited = "rate-limited";

    public const string AlarmAcknowledged = "alarm-acknowledged";
    public const string WorkOrderRaised = "work-order-raised";
    public const string WorkOrderMoved = "work-order-moved";
    public const string TechnicianAdded = "technician-added";
    public const string TechnicianChanged = "technician-changed";
    public const string PlanAdded = "maintenance-plan-added";
    public const string RecordAdded = "record-added";
    public const string MeterInstalled = "meter-installed";
    public const string MeterRemoved = "meter-removed";
    public const string TariffAdded = "tariff-added";
    public const string TariffAssigned = "tariff-assigned";
    public const string InvoiceIssued = "invoice-issued";

    /// <summary>A resident's name and telephone number were shown unmasked.</summary>
    public const string ResidentShown = "resident-shown";

    /// <summary>Somebody looked for residents by a name or telephone number, which the entry does not hold.</summary>
    public const string ResidentsSearched = "residents-searched";

    public const string KeyRotated = "key-rotated";

    /// <summary>Somebody ordered that a door be unlocked or a meter be switched.</summary>
    public const string CommandOrdered = "command-ordered";

    /// <summary>The edge told what became of it.</summary>
    public const string CommandAnswered = "command-answered";

    public static IReadOnlyList<string> All { get; } =
    [
        LoggedIn, LoginFailed, LockedOut, Unlocked, LoggedOut, PasswordChanged, PersonAdded, PasswordReset, PersonRemoved, RoleGranted, RoleRevoked, TokenCreated,
        TokenRevoked, EdgeAdded, EdgeRenewed, EdgeInvited, EdgeEnrolled, EdgeCertificateRenewed, EdgeRevoked, Refused, TokenRefused, RateLimited, AlarmAcknowledged, WorkOrderRaised, WorkOrderMoved, TechnicianAdded, TechnicianChanged, PlanAdded,
        RecordAdded, MeterInstalled, MeterRemoved, TariffAdded, TariffAssigned, InvoiceIssued, ResidentShown, ResidentsSearched, KeyRotated, CommandOrdered, CommandAnswered,
    ];
}
