using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Overview;

/// <summary>One access event in a line.</summary>
internal static class AccessText
{
    public static string Of(AccessEvent e)
    {
        if (e.Kind != AccessEventKind.Credential)
        {
            return Words.T("access-kind", e.Kind);
        }

        string decision = Words.T("access-decision", e.Decision);
        string who = e.Credential.Length > 0 ? e.Credential : Words.T("access-reason", e.Reason);
        return $"{decision} · {who}";
    }
}
