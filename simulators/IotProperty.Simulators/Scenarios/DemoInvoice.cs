using IotProperty.Simulators.Scenarios.Checks;
using IotProperty.Simulators.Scenarios.Hub;

namespace IotProperty.Simulators.Scenarios;

/// <summary>Bills a flat of the demo for the year so far.</summary>
public static class DemoInvoice
{
    /// <param name="context">The running programs and what the hub was filled with.</param>
    /// <param name="flat">1 to 12; not billed before.</param>
    /// <param name="to">The end of the period, exclusive.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="ScenarioException">The hub refuses; the message holds its reasons.</exception>
    public static Task<HubInvoice> IssueAsync(CheckContext context, int flat, DateTimeOffset to, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        DateTimeOffset from = new(context.Seeded.FromDay.ToDateTime(TimeOnly.MinValue), DemoSite.UtcOffset);
        object period = new { unit = context.Seeded.Meters[$"meter-{flat}"].Unit, from = HubApi.Rfc3339(from), to = HubApi.Rfc3339(to) };
        return context.Rig.Api.PostAsync<HubInvoice>("invoices", period, cancellationToken);
    }
}
