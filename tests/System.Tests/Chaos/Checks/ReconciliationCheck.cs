using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.SystemTests.Chaos.Rig;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>What the hub itself says of each hour when everything has arrived: the verdict must be that of the other checkers, which have found nothing undeclared.</summary>
public static class ReconciliationCheck
{
    /// <summary>The edge tells of an hour again some seconds after its last record; a hub whose database was killed needs a while longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>How far the edge's clock is ever from the real one, and an hour more.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromHours(6);

    /// <returns>How many hours there were of each verdict. Throws <see cref="ScenarioException"/> when one stays undeclared.</returns>
    public static async Task<string> JudgeAsync(IHubSide hubSide, long startedMs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(hubSide);
        long began = TimeProvider.System.GetTimestamp();
        string from = HubApi.Rfc3339(DateTimeOffset.FromUnixTimeMilliseconds(startedMs) - Margin);
        string to = HubApi.Rfc3339(TimeProvider.System.GetUtcNow() + Margin);
        while (true)
        {
            Report report = await hubSide.Api.GetAsync<Report>($"reconciliation?site={DemoSite.Id}&from={from}&to={to}", cancellationToken);
            if (report.Hours.Count > 0 && report.Undeclared == 0)
            {
                return $"reconciled: {string.Join(", ", report.Hours.GroupBy(hour => hour.Verdict).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Count()} {group.Key}"))}";
            }

            if (TimeProvider.System.GetElapsedTime(began) > Patience)
            {
                string[] wrong = [.. report.Hours.Where(hour => hour.Verdict is "missing" or "different").Select(hour => $"{hour.Hour:HH:mm} {hour.Lane} is {hour.Verdict}: {hour.Recorded} recorded, {hour.Received} received")];
                throw new ScenarioException($"of {report.Hours.Count} hours, reconciliation finds {report.Undeclared} undeclared: {string.Join("; ", wrong)}");
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }

    private sealed record Report(int Undeclared, IReadOnlyList<ReportedHour> Hours);

    private sealed record ReportedHour(DateTimeOffset Hour, string Lane, string Verdict, long Recorded, long Received);
}
