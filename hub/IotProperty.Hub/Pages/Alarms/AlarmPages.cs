using IotProperty.Hub.Alarms;
using IotProperty.Hub.Api;
using IotProperty.Hub.Pages.Account;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;

namespace IotProperty.Hub.Pages.Alarms;

/// <summary>The alarm list, which follows the live stream, and one alarm with its history.</summary>
internal static class AlarmPages
{
    private const int ListLength = 200;

    public static void MapAlarms(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/alarms", (string? state, HttpContext context, IAlarmDesk alarms, IRegistry registry) =>
            ListAsync<AlarmListPage>(state, context, alarms, registry)).Requires(Permission.WatchBuilding);
        pages.MapGet("/alarms/rows", (string? state, HttpContext context, IAlarmDesk alarms, IRegistry registry) =>
            ListAsync<AlarmRows>(state, context, alarms, registry)).Requires(Permission.WatchBuilding);
        pages.MapGet("/alarms/{id}", (string id, HttpContext context, IAlarmDesk alarms, IRegistry registry) =>
            ShowAsync(id, null, context, alarms, registry)).Requires(Permission.WatchBuilding);
        pages.MapPost("/alarms/{id}/acknowledge", AcknowledgeAsync).Requires(Permission.AcknowledgeAlarms);
    }

    private static async Task<IResult> ListAsync<TComponent>(string? state, HttpContext context, IAlarmDesk alarms, IRegistry registry)
        where TComponent : Microsoft.AspNetCore.Components.IComponent
    {
        bool all = state == "all";
        Page<Alarm> page = await alarms.ListAsync(null, !all, new PageRequest(null, ListLength), context.RequestAborted);
        PlaceNames names = await PlaceNames.ReadAsync(registry, context.RequestAborted);
        return Html.Page<TComponent>(new { Alarms = page.Items, IsCut = page.Next is not null, All = all, Names = names });
    }

    private static async Task<IResult> ShowAsync(string id, string? problem, HttpContext context, IAlarmDesk alarms, IRegistry registry)
    {
        AlarmDetail? detail = await alarms.FindAsync(id, context.RequestAborted);
        if (detail is null)
        {
            return ErrorPage.Result(StatusCodes.Status404NotFound);
        }

        PlaceNames names = await PlaceNames.ReadAsync(registry, context.RequestAborted);
        return Html.Page<AlarmPage>(
            new { Detail = detail, Names = names, Problem = problem },
            problem is null ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> AcknowledgeAsync(string id, HttpContext context, IAlarmDesk alarms, IRegistry registry)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        Result<Alarm> result = await alarms.AcknowledgeAsync(id, context.ActorName(), form["comment"].ToString().Trim(), context.RequestAborted);
        if (result.Succeeded)
        {
            string? returnUrl = form["returnUrl"];
            return Html.SeeOther(string.IsNullOrEmpty(returnUrl) ? $"/alarms/{id}" : AccountRoutes.OwnAddress(returnUrl));
        }

        return result.Refusal.Kind == RefusalKind.NotFound
            ? ErrorPage.Result(StatusCodes.Status404NotFound)
            : await ShowAsync(id, Words.T("alarm.cannot-acknowledge"), context, alarms, registry);
    }
}
