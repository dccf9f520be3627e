using IotProperty.Hub.Access;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Overview;

/// <summary>One access event in a line.</summary>
internal static class AccessText
{
    public static string Of(AccessEventRecord record)
    {
        AccessEvent e = record.Event;
        string? failed = e.Reason == AccessReason.UnlockFailed ? Words.T("access-reason", e.Reason) : null;
        string?[] parts = e.Kind switch
        {
            AccessEventKind.Credential =>
                [Words.T("access-decision", e.Decision), e.Credential.Length > 0 ? e.Credential : failed is null ? Words.T("access-reason", e.Reason) : null, failed],
            AccessEventKind.Command when failed is not null => [failed, Words.T("access.ordered"), record.AskedBy],
            _ => [Words.T("access-kind", e.Kind), record.AskedBy],
        };
        return string.Join(" · ", parts.Where(part => part is not null));
    }

    /// <summary>Somebody was let in, as he should be.</summary>
    public static bool IsGood(AccessEvent e) => e.Decision == AccessDecision.Granted && e.Reason != AccessReason.UnlockFailed;
}
