using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.People;

/// <summary>Whoever holds a role at one site sees and changes nothing of another, whatever ids they know.</summary>
public sealed class SiteScopeTests(SeededHub seeded) : IClassFixture<SeededHub>
{
    private static readonly string[] OfNoSite = ["technician", "dispatch_rule", "tariff", "tally_start", "audit_head", "personal_key"];

    private HubUnderTest Hub => seeded.Hub;

    [Fact]
    public void Every_table_is_narrowed_or_named_as_being_of_no_site()
    {
        using LedgerFixture fixture = new();
        using ScopedLedgerContext scoped = new(fixture.Database.Options, ["hillside"]);
        Assert.Equal(
            OfNoSite.Order(StringComparer.Ordinal),
            scoped.Model.GetEntityTypes().Where(entity => entity.GetDeclaredQueryFilters().Count == 0).Select(entity => entity.GetTableName()!).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(Roles.Administrator)]
    [InlineData(Roles.Engineer)]
    [InlineData(Roles.Guard)]
    [InlineData(Roles.Billing)]
    [InlineData(Roles.ReadOnly)]
    public async Task No_route_gives_anything_of_another_site_whatever_id_it_is_asked_for(string role)
    {
        string[] ids = await IdsAsync();
        using HttpClient own = await Hub.ProgramAsync(role, [SeededHub.Site], null);
        using HttpClient other = await Hub.ProgramAsync(role, ["hillside"], null);
        int seen = 0;
        foreach (RouteEndpoint endpoint in Hub.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Distinct())
        {
            string pattern = "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
            if (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") != true
                || endpoint.Metadata.GetMetadata<PermissionMetadata>() is null || pattern.EndsWith("/live", StringComparison.Ordinal) || pattern.EndsWith("openapi.json", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (string id in pattern.Contains("{id}", StringComparison.Ordinal) ? ids : [""])
            {
                foreach (string query in (string[])["", $"?site={SeededHub.Site}&point=pump-1/pressure&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&unit={seeded.UnitId}&alarm={seeded.AlarmId}&state=all&show=all"])
                {
                    string address = pattern.Replace("{id}", id, StringComparison.Ordinal).Replace("{site}", SeededHub.Site, StringComparison.Ordinal)
                        .Replace("{device}", "meter-1", StringComparison.Ordinal).Replace("{register}", "energy", StringComparison.Ordinal) + query;
                    (HttpStatusCode status, string body) = await GetAsync(other, address);
                    Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{address} answered {(int)status}");
                    if (status == HttpStatusCode.OK)
                    {
                        Assert.All(ids.Append("Riverside").Append("pump-1"), mark => Assert.False(
                            body.Contains(mark, StringComparison.Ordinal) && !Echoes(body, mark), $"{address} tells of {mark}"));
                    }

                    seen += (await GetAsync(own, address)).Status == HttpStatusCode.OK ? 1 : 0;
                }
            }
        }

        Assert.True(seen > 20, $"only {seen} requests were answered at the role's own site");
    }

    [Fact]
    public async Task Nothing_of_another_site_is_changed()
    {
        using HttpClient other = await Hub.ProgramAsync(Roles.Administrator, ["hillside"], null);
        string building = (await Hub.Services.GetRequiredService<IRegistry>().BuildingsAsync(SeededHub.Site, PageRequest.First, default)).Items[0].Id;
        (string Address, object Body, HttpStatusCode Status)[] attempts =
        [
            ($"/api/v1/alarms/{seeded.AlarmId}/acknowledge", new { comment = "" }, HttpStatusCode.NotFound),
            ($"/api/v1/work-orders/{seeded.WorkOrderId}/transitions", new { to = "in-progress" }, HttpStatusCode.NotFound),
            ("/api/v1/work-orders", new { site = SeededHub.Site, title = new { en = "x", zhCn = "x" } }, HttpStatusCode.UnprocessableEntity),
            ("/api/v1/buildings", new { site = SeededHub.Site, name = new { en = "x", zhCn = "x" } }, HttpStatusCode.UnprocessableEntity),
            ("/api/v1/units", new { building, number = "99" }, HttpStatusCode.UnprocessableEntity),
            ("/api/v1/occupants", new { unit = seeded.UnitId, name = "x" }, HttpStatusCode.UnprocessableEntity),
            ("/api/v1/service-points", new { unit = seeded.UnitId, utility = "electricity" }, HttpStatusCode.UnprocessableEntity),
            ($"/api/v1/sites/{SeededHub.Site}/commands", new { device = "door-1", action = "unlock" }, HttpStatusCode.Forbidden),
            ("/api/v1/invoices", new { unit = seeded.UnitId, from = "2026-01-01T00:00:00Z", to = "2026-02-01T00:00:00Z" }, HttpStatusCode.NotFound),
        ];
        foreach ((string address, object body, HttpStatusCode status) in attempts)
        {
            using HttpResponseMessage answer = await other.PostAsJsonAsync(new Uri(address, UriKind.Relative), body, JsonSerializerOptions.Web);
            Assert.True(answer.StatusCode == status, $"{address} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    [Fact]
    public async Task Id_that_another_site_has_is_a_conflict_and_no_failure()
    {
        IRegistry registry = Hub.Services.GetRequiredService<IRegistry>();
        string taken = (await registry.BuildingsAsync(SeededHub.Site, PageRequest.First, default)).Items[0].Id;
        await registry.AddAsync(new Site { Id = "hillside", Name = new LocalText("Hillside", "山麓"), TimeZone = "UTC" }, default);
        using HttpClient other = await Hub.ProgramAsync(Roles.Administrator, ["hillside"], null);
        using HttpResponseMessage answer = await other.PostAsJsonAsync(
            new Uri("/api/v1/buildings", UriKind.Relative), new { id = taken, site = "hillside", name = new { en = "x", zhCn = "x" } }, JsonSerializerOptions.Web);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
    }

    /// <summary>The page repeats what it was asked for, in a form or in the address of its language button.</summary>
    private static bool Echoes(string body, string mark) =>
        body.Split('\n').Where(line => line.Contains(mark, StringComparison.Ordinal)).All(line => line.Contains("name=\"returnUrl\"", StringComparison.Ordinal) || line.Contains("<input ", StringComparison.Ordinal));

    /// <summary>An address that only a form has leads back to its page: what the caller then sees there is what counts.</summary>
    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(HttpClient client, string address)
    {
        using HttpResponseMessage answer = await client.GetAsync(new Uri(address, UriKind.Relative));
        if (answer is not { StatusCode: HttpStatusCode.SeeOther, Headers.Location: { } page })
        {
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }

        using HttpResponseMessage led = await client.GetAsync(page);
        return (led.StatusCode, await led.Content.ReadAsStringAsync());
    }

    private async Task<string[]> IdsAsync()
    {
        IRegistry registry = Hub.Services.GetRequiredService<IRegistry>();
        Page<Building> buildings = await registry.BuildingsAsync(SeededHub.Site, PageRequest.First, default);
        return [seeded.AlarmId, seeded.WorkOrderId, seeded.InvoiceId, seeded.UnitId, .. buildings.Items.Select(building => building.Id)];
    }
}
