using System.Net;
using System.Text;
using System.Text.Json;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Api;

public sealed class ApiTests(SeededHub seeded) : IClassFixture<SeededHub>
{
    [Fact]
    public async Task Record_is_added_answered_with_201_and_found_again()
    {
        using HttpClient api = await seeded.Hub.ProgramAsync(Roles.Administrator);
        using HttpResponseMessage added = await PostAsync(api, "buildings", """{"site":"riverside","name":{"en":"Tower 2","zhCn":"2号楼"},"address":"滨江路 88 号"}""");
        JsonElement building = await ReadAsync(added, HttpStatusCode.Created);
        string id = building.GetProperty("id").GetString()!;
        Assert.Equal($"/api/v1/buildings/{id}", added.Headers.Location!.OriginalString);
        JsonElement found = await GetAsync(api, $"buildings/{id}");
        Assert.Equal("2号楼", found.GetProperty("name").GetProperty("zhCn").GetString());
        JsonElement unit = await ReadAsync(await PostAsync(api, "units", $$"""{"building":"{{id}}","number":"202","floorAreaM2":"89.50","occupancy":"owner-occupied"}"""), HttpStatusCode.Created);
        Assert.Equal(("89.50", "owner-occupied"), (unit.GetProperty("floorAreaM2").GetString(), unit.GetProperty("occupancy").GetString()));
    }

    [Theory]
    [InlineData("units", """{"building":"b"}""", "number", "is missing")]
    [InlineData("units", """{"building":"b","number":"1","floor":"3"}""", "floor", "not a member")]
    [InlineData("units", """{"building":"b","number":"1","floorAreaM2":"big"}""", "floorAreaM2", "exact decimal")]
    [InlineData("units", """{"building":"b","number":"1","occupancy":"haunted"}""", "occupancy", "")]
    [InlineData("units", """{"building":null,"number":"1"}""", "building", "")]
    [InlineData("buildings", """{"site":"riverside","name":{}}""", "name", "at least one of")]
    [InlineData("invoices", """{"unit":"u","from":"2026-01-01","to":"2026-02-01T00:00:00Z"}""", "from", "RFC 3339")]
    [InlineData("invoices", """{"unit":"u","from":"2026-01-01T00:00:00","to":"2026-02-01T00:00:00Z"}""", "from", "offset")]
    [InlineData("tariffs", """{"name":"t","utility":"water","unit":"m3","currency":"CNY","versions":[null]}""", "versions", "holds null")]
    [InlineData("technicians", """{"name":"t","skills":["lift",null]}""", "skills", "holds null")]
    [InlineData("maintenance-plans", """{"asset":"a","title":{"en":"t"},"calendar":{"everyDays":"x","from":"2026-01-05"}}""", "calendar.everyDays", "")]
    public async Task Body_that_cannot_be_read_names_the_field(string path, string body, string field, string mend)
    {
        using HttpClient api = await seeded.Hub.ProgramAsync(Roles.Administrator);
        JsonElement problem = await ReadAsync(await PostAsync(api, path, body), HttpStatusCode.BadRequest);
        Assert.Contains(mend, problem.GetProperty("errors").GetProperty(field)[0].GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\u0000")]
    [InlineData("\"text\"")]
    public async Task Body_that_is_not_the_json_asked_for_is_a_bad_request(string body)
    {
        using HttpClient api = await seeded.Hub.ProgramAsync(Roles.Administrator);
        using HttpResponseMessage answer = await PostAsync(api, "units", body);
        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task Refusals_of_the_domain_carry_their_codes()
    {
        using HttpClient api = await seeded.Hub.ProgramAsync(Roles.Administrator);
        JsonElement missing = await ReadAsync(await api.GetAsync(new Uri("/api/v1/units/none", UriKind.Relative)), HttpStatusCode.NotFound);
        Assert.Equal("not-found", missing.GetProperty("reasons")[0].GetProperty("code").GetString());
        JsonElement conflict = await ReadAsync(await PostAsync(api, $"work-orders/{seeded.WorkOrderId}/transitions", """{"to":"closed"}"""), HttpStatusCode.Conflict);
        Assert.Equal("work-order.transition", conflict.GetProperty("reasons")[0].GetProperty("code").GetString());
        JsonElement blocked = await ReadAsync(
            await PostAsync(api, "invoices", $$"""{"unit":"{{seeded.UnitId}}","from":"2001-01-01T00:00:00Z","to":"2001-02-01T00:00:00Z"}"""), HttpStatusCode.UnprocessableEntity);
        Assert.True(blocked.GetProperty("reasons").GetArrayLength() > 0);
    }

    [Fact]
    public async Task Times_are_rfc_3339_and_money_is_exact_text()
    {
        using HttpClient api = await seeded.Hub.ProgramAsync(Roles.ReadOnly);
        JsonElement invoice = await GetAsync(api, $"invoices/{seeded.InvoiceId}");
        Assert.Equal(("21.38", "21.3825140"), (invoice.GetProperty("total").GetString(), invoice.GetProperty("exactTotal").GetString()));
        JsonElement line = invoice.GetProperty("lines")[0];
        Assert.EndsWith("Z", line.GetProperty("from").GetString(), StringComparison.Ordinal);
        Assert.Equal("1221.72", line.GetProperty("opening").GetProperty("value").GetString());
        Assert.Equal("0.4883", line.GetProperty("steps")[0].GetProperty("price").GetString());
        JsonElement alarm = (await GetAsync(api, "alarms?site=riverside&state=all")).GetProperty("items")[0];
        Assert.Equal(("alarm", "limit"), (alarm.GetProperty("highestLevel").GetString(), alarm.GetProperty("cause").GetString()));
        Assert.EndsWith("Z", alarm.GetProperty("raised").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_come_in_pages_that_neither_lose_nor_repeat()
    {
        using HttpClient api = await seeded.Hub.ProgramAsync(Roles.ReadOnly);
        List<double> values = [];
        string? cursor = null;
        do
        {
            JsonElement page = await GetAsync(api, $"telemetry?site=riverside&point=pump-1/pressure&limit=2{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}");
            values.AddRange(page.GetProperty("items").EnumerateArray().Select(sample => sample.GetProperty("value").GetDouble()));
            cursor = page.GetProperty("next").GetString();
        }
        while (cursor is not null && values.Count < 10);
        Assert.Equal([0.5, 0.4, 0.342], values);
        Assert.Equal(26, (await GetAsync(api, "telemetry/count?site=riverside")).GetProperty("samples").GetInt64());
    }

    [Theory]
    [InlineData("telemetry?site=riverside&point=pump-1", "point")]
    [InlineData("telemetry?site=riverside&point=pump-1/pressure&from=yesterday", "from")]
    [InlineData("telemetry?site=riverside&point=pump-1/pressure&to=2026-01-01", "to")]
    [InlineData("readings?site=riverside&from=x", "from")]
    [InlineData("alarms?state=loud", "state")]
    [InlineData("work-orders?status=lost", "status")]
    [InlineData("telemetry?point=a/b", "site")]
    [InlineData("buildings?limit=many", "limit")]
    public async Task Wrong_query_names_the_parameter(string path, string parameter)
    {
        using HttpClient api = await seeded.Hub.ProgramAsync(Roles.Administrator);
        JsonElement problem = await ReadAsync(await api.GetAsync(new Uri("/api/v1/" + path, UriKind.Relative)), HttpStatusCode.BadRequest);
        Assert.Contains(parameter, problem.GetProperty("detail").GetString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Losses_that_an_edge_declared_are_listed()
    {
        using HttpClient api = await seeded.Hub.ProgramAsync("read-only");
        JsonElement gap = Assert.Single((await GetAsync(api, "gaps?site=riverside")).GetProperty("items").EnumerateArray());
        Assert.Equal(("telemetry", 7, 9, 90), (gap.GetProperty("lane").GetString(), gap.GetProperty("firstSequence").GetInt64(), gap.GetProperty("lastSequence").GetInt64(), gap.GetProperty("records").GetInt64()));
        Assert.Equal(seeded.NowMs - 8000, gap.GetProperty("to").GetDateTimeOffset().ToUnixTimeMilliseconds());
        Assert.Empty((await GetAsync(api, "gaps?site=elsewhere")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Overview_tells_values_with_their_freshness()
    {
        using HttpClient api = await seeded.Hub.ProgramAsync(Roles.Guard);
        JsonElement overview = await GetAsync(api, "sites/riverside/overview");
        Assert.True(overview.GetProperty("edge").GetProperty("online").GetBoolean());
        JsonElement Point(int device, int point) => overview.GetProperty("devices")[device].GetProperty("points")[point];
        Assert.Equal("device-silent", Point(0, 0).GetProperty("freshness").GetString());
        Assert.Equal("never", Point(0, 1).GetProperty("freshness").GetString());
        Assert.Equal((0.342, "fresh"), (Point(1, 0).GetProperty("value").GetDouble(), Point(1, 0).GetProperty("freshness").GetString()));
    }

    [Fact]
    public async Task Live_stream_tells_an_alarm_without_being_asked_again()
    {
        using HttpClient api = await seeded.Hub.ProgramAsync(Roles.ReadOnly);
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
        using Stream stream = await api.GetStreamAsync(new Uri("/api/v1/live", UriKind.Relative), patience.Token);
        using StreamReader reader = new(stream);
        Assert.Equal("event: everything", await reader.ReadLineAsync(patience.Token));
        await seeded.RaiseAsync("occurrence-live", seeded.NowMs - 1000);
        List<string> lines = [];
        while (!lines.Contains("event: alarm"))
        {
            lines.Add(await reader.ReadLineAsync(patience.Token) ?? throw new EndOfStreamException());
        }

        Assert.Contains("\"site\":\"riverside\"", await reader.ReadLineAsync(patience.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Description_holds_every_route_with_its_roles()
    {
        using HttpClient api = await seeded.Hub.ProgramAsync(Roles.ReadOnly);
        JsonElement document = await GetAsync(api, "openapi.json");
        string[] described = [.. document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"))];
        string[] routes =
        [
            .. seeded.Hub.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Distinct()
                .Where(route => route.RoutePattern.RawText!.StartsWith("/api/v1/", StringComparison.Ordinal) && !route.RoutePattern.RawText.EndsWith("openapi.json", StringComparison.Ordinal))
                .SelectMany(route => route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(method => $"{method} {route.RoutePattern.RawText}")),
        ];
        Assert.Equal(routes.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
        JsonElement post = document.GetProperty("paths").GetProperty("/api/v1/invoices").GetProperty("post");
        Assert.Equal("Roles: administrator, billing.", post.GetProperty("description").GetString());
        string schemas = document.GetProperty("components").GetProperty("schemas").GetProperty("InvoiceRequest").GetRawText();
        Assert.Contains("date-time", schemas, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_and_health_speak()
    {
        using HttpClient stranger = seeded.Hub.Stranger();
        Assert.Equal("ok\n", await stranger.GetStringAsync(new Uri("/healthz", UriKind.Relative)));
        using HttpClient api = await seeded.Hub.ProgramAsync(Roles.ReadOnly);
        string metrics = await api.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Matches(@"(?m)^iotp_front_door_connections 0$", metrics);
        Assert.Matches(@"(?m)^process_resident_memory_bytes \d+", metrics);
        Assert.All(
            metrics.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#'),
            line => Assert.Matches(@"^[a-z_]+(\{[^}]*\})? -?[0-9.E+-]+$", line));
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient api, string path, string body)
    {
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        return await api.PostAsync(new Uri("/api/v1/" + path, UriKind.Relative), content);
    }

    private static async Task<JsonElement> GetAsync(HttpClient api, string path) =>
        await ReadAsync(await api.GetAsync(new Uri("/api/v1/" + path, UriKind.Relative)), HttpStatusCode.OK);

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, HttpStatusCode expected)
    {
        using (answer)
        {
            string body = await answer.Content.ReadAsStringAsync();
            Assert.True(expected == answer.StatusCode, $"{(int)answer.StatusCode}: {body}");
            return JsonDocument.Parse(body).RootElement.Clone();
        }
    }
}
