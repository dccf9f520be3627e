using IotProperty.Hub.Alarms;
using IotProperty.Hub.People;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.Mvc;

namespace IotProperty.Hub.Api.Alarms;

/// <summary>Alarms, their acknowledgement, and the edges' raw transitions.</summary>
internal static class AlarmRoutes
{
    public static void MapAlarms(this RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("alarms");
        group.MapGet("/alarms", async (string? site, string? state, [AsParameters] Paging paging, IAlarmDesk alarms, CancellationToken cancellationToken) =>
            state is null or "active" or "all"
                ? TypedResults.Ok(await alarms.ListAsync(site, state != "all", paging.Request, cancellationToken))
                : ApiResults.BadQuery("state", "must be active (what wants attention) or all"))
            .Requires(Permission.WatchBuilding).Produces<Page<Alarm>>().WithSummary("Alarms, newest first; without state=all only those that want attention.");
        group.MapGet("/alarms/{id}", async (string id, IAlarmDesk alarms, CancellationToken cancellationToken) =>
            ApiResults.Found(await alarms.FindAsync(id, cancellationToken), "alarm", id))
            .Requires(Permission.WatchBuilding).Produces<AlarmDetail>().WithSummary("One alarm with its transitions and acknowledgements.");
        group.MapPost("/alarms/{id}/acknowledge", async (string id, [FromBody] AcknowledgeRequest request, HttpContext context, IAlarmDesk alarms, CancellationToken cancellationToken) =>
            ApiResults.Ok(await alarms.AcknowledgeAsync(id, context.ActorName(), request.Comment, cancellationToken)))
            .Requires(Permission.AcknowledgeAlarms).Produces<Alarm>().WithSummary("Acknowledge an alarm in the name of whoever asks.");
        group.MapGet("/transitions", async (string site, [AsParameters] Paging paging, IAlarmDesk alarms, CancellationToken cancellationToken) =>
        {
            Page<StoredTransition> page = await alarms.TransitionsAsync(site, paging.Request, cancellationToken);
            return new Page<TransitionView>([.. page.Items.Select(TransitionView.Of)], page.Next);
        }).Requires(Permission.WatchBuilding).WithSummary("The edge's alarm transitions as it decided them, by event time, oldest first.");
    }
}

public sealed record AcknowledgeRequest
{
    /// <summary>What was seen or done; may be empty.</summary>
    public string Comment { get; init; } = "";
}

/// <summary>A transition in one piece.</summary>
/// <param name="ClockTrusted">False: the edge's clock was not synchronised when the time was taken.</param>
/// <param name="ClockCorrected">The edge has corrected the time since; without it a time that is not trusted is suspect.</param>
/// <param name="ClockCorrectionMilliseconds">By how much; 0: not at all.</param>
public sealed record TransitionView(
    string Site, string Occurrence, int Ordinal, string Rule, string Point, AlarmLevel From, AlarmLevel To, AlarmCause Cause,
    long TimeMs, double Value, double Limit, bool ClockTrusted, long ReceivedMs, bool ClockCorrected, long ClockCorrectionMilliseconds)
{
    public static TransitionView Of(StoredTransition stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        AlarmTransition t = stored.Transition;
        return new TransitionView(
            stored.Site, t.Occurrence, t.Ordinal, t.Rule, t.Point.ToString(), t.From, t.To, t.Cause, t.TimeMs, t.Value, t.Limit, t.ClockTrusted, stored.ReceivedMs,
            stored.ClockCorrectionMilliseconds != 0, stored.ClockCorrectionMilliseconds);
    }
}
