using System.Net;
using System.Net.Http.Json;
using IotProperty.Hub.Control;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.People;

/// <summary>Who may use which route. A route that is not in the table fails the test, so nobody can forget to decide.</summary>
public sealed class AccessTableTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private const string Anybody = "anybody";

    /// <summary>Method and route pattern, and whoever may use it: a = administrator, e = engineer, g = guard, b = billing, r = read-only.</summary>
    private static readonly Dictionary<string, string> Table = new()
    {
        ["GET /healthz"] = Anybody,
        ["GET /login"] = Anybody,
        ["POST /login"] = Anybody,
        ["POST /language"] = Anybody,
        ["GET /assets/{**path}"] = Anybody,
        ["GET /api/v1/enrolment/authority"] = Anybody,
        ["POST /api/v1/enrolment"] = Anybody,
        ["POST /api/v1/enrolment/renewal"] = Anybody,
        ["GET /metrics"] = "aegbr",
        ["GET /live"] = "aegbr",
        ["POST /logout"] = "aegbr",
        ["GET /account"] = "aegbr",
        ["POST /account/password"] = "aegbr",
        ["GET /"] = "aegbr",
        ["GET /sites/{site}"] = "aegbr",
        ["GET /sites/{site}/parts"] = "aegbr",
        ["GET /trend"] = "aegbr",
        ["GET /alarms"] = "aegbr",
        ["GET /alarms/rows"] = "aegbr",
        ["GET /lines"] = "aegbr",
        ["GET /lines/parts"] = "aegbr",
        ["GET /reconciliation"] = "aegbr",
        ["GET /reconciliation.csv"] = "aegbr",
        ["GET /alarms/{id}"] = "aegbr",
        ["POST /alarms/{id}/acknowledge"] = "aeg",
        ["GET /work-orders"] = "aegr",
        ["GET /work-orders/rows"] = "aegr",
        ["GET /work-orders/{id}"] = "aegr",
        ["POST /work-orders/{id}/transitions"] = "ae",
        ["GET /doors"] = "aegr",
        ["GET /doors/parts"] = "aegr",
        ["GET /doors/{site}/{device}"] = "ag",
        ["POST /doors/{site}/{device}"] = "ag",
        ["GET /supply/{site}/{device}"] = "ae",
        ["GET /supply/{site}/{device}/parts"] = "ae",
        ["GET /supply/{site}/{device}/{effect}"] = "ae",
        ["POST /supply/{site}/{device}/{effect}"] = "ae",
        ["GET /meters"] = "aebr",
        ["GET /meters/{site}/{device}/{register}"] = "aebr",
        ["GET /invoices"] = "abr",
        ["POST /invoices"] = "ab",
        ["GET /invoices/{id}"] = "abr",
        ["GET /residents"] = "agb",
        ["GET /residents/search"] = "agb",
        ["POST /residents/search"] = "agb",
        ["GET /residents/{id}/show"] = "agb",
        ["POST /residents/{id}/show"] = "agb",
        ["POST /api/v1/occupants/search"] = "agb",
        ["POST /api/v1/occupants/{id}/show"] = "agb",
        ["GET /tokens"] = "a",
        ["POST /tokens/{id}/revoke"] = "a",
        ["GET /audit"] = "a",
        ["GET /api/v1/audit"] = "a",
        ["GET /api/v1/openapi.json"] = "aegbr",
        ["GET /api/v1/live"] = "aegbr",
        ["GET /api/v1/sites"] = "aegbr",
        ["GET /api/v1/sites/{site}/overview"] = "aegbr",
        ["GET /api/v1/edges"] = "aegbr",
        ["GET /api/v1/buildings"] = "aegbr",
        ["POST /api/v1/buildings"] = "ab",
        ["GET /api/v1/buildings/{id}"] = "aegbr",
        ["GET /api/v1/units"] = "aegbr",
        ["POST /api/v1/units"] = "ab",
        ["GET /api/v1/units/{id}"] = "aegbr",
        ["GET /api/v1/occupants"] = "agb",
        ["POST /api/v1/occupants"] = "ab",
        ["GET /api/v1/assets"] = "aegr",
        ["POST /api/v1/assets"] = "ae",
        ["GET /api/v1/assets/{id}"] = "aegr",
        ["GET /api/v1/telemetry"] = "aegbr",
        ["GET /api/v1/telemetry/count"] = "aegbr",
        ["GET /api/v1/batches"] = "aegbr",
        ["GET /api/v1/gaps"] = "aegbr",
        ["GET /api/v1/reconciliation"] = "aegbr",
        ["GET /api/v1/alarms"] = "aegbr",
        ["GET /api/v1/alarms/{id}"] = "aegbr",
        ["POST /api/v1/alarms/{id}/acknowledge"] = "aeg",
        ["GET /api/v1/transitions"] = "aegbr",
        ["GET /api/v1/access-events"] = "aegr",
        ["GET /api/v1/work-orders"] = "aegr",
        ["POST /api/v1/work-orders"] = "ae",
        ["GET /api/v1/work-orders/{id}"] = "aegr",
        ["POST /api/v1/work-orders/{id}/transitions"] = "ae",
        ["GET /api/v1/technicians"] = "aegr",
        ["POST /api/v1/technicians"] = "ae",
        ["POST /api/v1/technicians/{id}/availability"] = "ae",
        ["GET /api/v1/maintenance-plans"] = "aegr",
        ["POST /api/v1/maintenance-plans"] = "ae",
        ["GET /api/v1/service-points"] = "aebr",
        ["POST /api/v1/service-points"] = "ab",
        ["GET /api/v1/meter-installations"] = "aebr",
        ["POST /api/v1/meter-installations"] = "ab",
        ["POST /api/v1/meter-installations/{id}/end"] = "ab",
        ["GET /api/v1/readings"] = "aebr",
        ["GET /api/v1/tariffs"] = "aebr",
        ["POST /api/v1/tariffs"] = "ab",
        ["GET /api/v1/tariffs/{id}"] = "aebr",
        ["GET /api/v1/tariff-assignments"] = "aebr",
        ["POST /api/v1/tariff-assignments"] = "ab",
        ["GET /api/v1/invoices"] = "abr",
        ["POST /api/v1/invoices"] = "ab",
        ["GET /api/v1/invoices/{id}"] = "abr",
        ["POST /api/v1/sites/{site}/commands"] = "aeg",
        ["GET /api/v1/sites/{site}/commands"] = "aegr",
        ["GET /api/v1/sites/{site}/commands/{id}"] = "aegr",
    };

    /// <summary>Every kind of command that an edge takes: who may order it, and by which permission of a token.</summary>
    private static readonly Dictionary<Type, CommandRights> Commands = new()
    {
        [typeof(UnlockAction)] = new(OrderedAction.Unlock, "ag", Permission.UnlockDoors, [new { device = "door-1", action = "unlock" }]),
        [typeof(SwitchAction)] = new(
            OrderedAction.Switch,
            "ae",
            Permission.SwitchMeters,
            [.. Enum.GetValues<SwitchPosition>().Select(position => new { device = "meter-1", action = "switch", position = EnumName.Kebab(position) })]),
    };

    /// <summary>Routes for which a role at some sites is not enough.</summary>
    private static readonly string[] OfTheWholeHub =
        ["GET /metrics", "GET /tokens", "POST /tokens/{id}/revoke", "POST /api/v1/technicians", "POST /api/v1/technicians/{id}/availability", "POST /api/v1/tariffs"];

    [Fact]
    public void Every_route_is_in_the_table_and_the_table_holds_no_other()
    {
        string[] routes = [.. Routes().Select(route => route.Key).Order(StringComparer.Ordinal)];
        Assert.Equal(Table.Keys.Order(StringComparer.Ordinal), routes);
    }

    [Fact]
    public void Every_route_demands_the_permission_that_the_table_gives()
    {
        Dictionary<char, string> roles = new() { ['a'] = Roles.Administrator, ['e'] = Roles.Engineer, ['g'] = Roles.Guard, ['b'] = Roles.Billing, ['r'] = Roles.ReadOnly };
        foreach ((string key, RouteEndpoint endpoint) in Routes())
        {
            bool open = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
            Assert.Equal((key, Table[key] == Anybody), (key, open));
            if (!open)
            {
                PermissionMetadata needed = endpoint.Metadata.GetRequiredMetadata<PermissionMetadata>();
                Assert.Equal((key, string.Join(' ', Table[key].Select(c => roles[c]).Order())), (key, string.Join(' ', needed.Roles.Order())));
            }
        }
    }

    [Fact]
    public async Task Nothing_but_health_and_login_is_reached_without_login()
    {
        using HttpClient stranger = fixture.Hub.Stranger();
        foreach (string key in Table.Where(row => row.Value != Anybody).Select(row => row.Key))
        {
            using HttpResponseMessage answer = await SendAsync(stranger, key);
            bool refused = answer.StatusCode == HttpStatusCode.Unauthorized
                || (answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.Location!.OriginalString.StartsWith("/login", StringComparison.Ordinal));
            Assert.True(refused, $"{key} answered {(int)answer.StatusCode} to a stranger");
            Assert.Equal((key, key.Contains("/api/", StringComparison.Ordinal) || key is "GET /live" or "GET /metrics"), (key, answer.StatusCode == HttpStatusCode.Unauthorized));
        }
    }

    [Theory]
    [InlineData('a', Roles.Administrator)]
    [InlineData('e', Roles.Engineer)]
    [InlineData('g', Roles.Guard)]
    [InlineData('b', Roles.Billing)]
    [InlineData('r', Roles.ReadOnly)]
    public async Task Each_role_reaches_what_the_table_gives_it_and_nothing_else(char letter, string role)
    {
        using HttpClient program = await fixture.Hub.ProgramAsync(role);
        foreach ((string key, string who) in Table.Where(row => row.Value != Anybody))
        {
            using HttpResponseMessage answer = await SendAsync(program, key);
            bool forbidden = answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized;
            Assert.True(forbidden == !who.Contains(letter, StringComparison.Ordinal), $"{key} answered {(int)answer.StatusCode} to {role}");
        }
    }

    [Fact]
    public async Task Unknown_address_sends_a_stranger_to_the_login_like_any_other()
    {
        using HttpClient stranger = fixture.Hub.Stranger();
        using HttpResponseMessage answer = await stranger.GetAsync(new Uri("/no-such-page", UriKind.Relative));
        Assert.Equal((HttpStatusCode.Redirect, "/login?returnUrl=%2Fno-such-page"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
    }

    [Theory]
    [InlineData('a', Roles.Administrator)]
    [InlineData('e', Roles.Engineer)]
    [InlineData('g', Roles.Guard)]
    [InlineData('b', Roles.Billing)]
    [InlineData('r', Roles.ReadOnly)]
    public async Task Role_at_one_site_reaches_the_same_routes_there_but_those_of_the_whole_hub(char letter, string role)
    {
        using HttpClient program = await fixture.Hub.ProgramAsync(role, ["no-site"], null);
        using HttpClient elsewhere = await fixture.Hub.ProgramAsync(role, ["another-site"], null);
        foreach ((string key, string who) in Table.Where(row => row.Value != Anybody))
        {
            bool may = who.Contains(letter, StringComparison.Ordinal) && !OfTheWholeHub.Contains(key);
            using HttpResponseMessage answer = await SendAsync(program, key);
            Assert.True(may == (answer.StatusCode is not (HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)), $"{key} answered {(int)answer.StatusCode} to {role} at one site");

            // The same request names a site in its path or, where it takes one, in its query.
            using HttpResponseMessage other = await SendAsync(elsewhere, key, "?site=no-site");
            Assert.True(other.StatusCode == HttpStatusCode.Forbidden, $"{key} answered {(int)other.StatusCode} to {role} at another site");
        }
    }

    [Fact]
    public async Task Token_with_one_permission_reaches_the_routes_of_that_one_alone()
    {
        KeyValuePair<string, RouteEndpoint>[] guarded = [.. Routes().Where(route => Table[route.Key] != Anybody)];
        foreach (Permission permission in Enum.GetValues<Permission>().Where(permission => permission != Permission.LoggedIn))
        {
            using HttpClient program = await fixture.Hub.ProgramAsync(Roles.Administrator, null, [permission]);
            foreach ((string key, RouteEndpoint endpoint) in guarded)
            {
                IReadOnlyList<Permission> needed = endpoint.Metadata.GetRequiredMetadata<PermissionMetadata>().AnyOf;
                using HttpResponseMessage answer = await SendAsync(program, key);
                Assert.True(
                    (needed.Contains(permission) || needed.Contains(Permission.LoggedIn)) == (answer.StatusCode != HttpStatusCode.Forbidden),
                    $"{key} answered {(int)answer.StatusCode} to a token with {permission} alone");
            }
        }
    }

    [Fact]
    public void Every_kind_of_command_is_in_the_table()
    {
        Assert.Equal(
            typeof(CommandAction).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(CommandAction)) && !type.IsAbstract).Select(type => type.Name).Order(StringComparer.Ordinal),
            Commands.Keys.Select(type => type.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Enum.GetValues<OrderedAction>().Order(), Commands.Values.Select(rights => rights.Action).Order());
    }

    [Theory]
    [InlineData('a', Roles.Administrator)]
    [InlineData('e', Roles.Engineer)]
    [InlineData('g', Roles.Guard)]
    [InlineData('b', Roles.Billing)]
    [InlineData('r', Roles.ReadOnly)]
    public async Task Each_role_orders_what_the_table_gives_it_at_its_sites_and_nothing_else(char letter, string role)
    {
        await OfferCommandsAsync();
        using HttpClient everywhere = await fixture.Hub.ProgramAsync(role);
        using HttpClient here = await fixture.Hub.ProgramAsync(role, ["offering"], null);
        using HttpClient elsewhere = await fixture.Hub.ProgramAsync(role, ["another-site"], null);
        foreach ((Type kind, CommandRights rights) in Commands)
        {
            foreach (object body in rights.Bodies)
            {
                bool may = rights.Who.Contains(letter, StringComparison.Ordinal);
                await AssertOrdersAsync(everywhere, may, body, $"{kind.Name} by {role}");
                await AssertOrdersAsync(here, may, body, $"{kind.Name} by {role} at the site");
                await AssertOrdersAsync(elsewhere, false, body, $"{kind.Name} by {role} at another site");
            }
        }
    }

    [Fact]
    public async Task Token_with_one_permission_orders_what_that_one_is_for()
    {
        await OfferCommandsAsync();
        foreach (Permission permission in Enum.GetValues<Permission>().Where(permission => permission != Permission.LoggedIn))
        {
            using HttpClient program = await fixture.Hub.ProgramAsync(Roles.Administrator, null, [permission]);
            foreach ((Type kind, CommandRights rights) in Commands)
            {
                await AssertOrdersAsync(program, permission == rights.Permission, rights.Bodies[0], $"{kind.Name} with {permission} alone");
            }
        }
    }

    [Fact]
    public async Task Read_only_permissions_change_nothing()
    {
        using HttpClient program = await fixture.Hub.ProgramAsync(Roles.Administrator, null, [.. Permissions.ReadOnly]);
        string[] looks = ["POST /residents/search", "POST /residents/{id}/show", "POST /api/v1/occupants/search", "POST /api/v1/occupants/{id}/show", "POST /logout", "POST /account/password"];
        foreach (string key in Table.Where(row => row.Value != Anybody && row.Key.StartsWith("POST", StringComparison.Ordinal)).Select(row => row.Key).Except(looks))
        {
            using HttpResponseMessage answer = await SendAsync(program, key);
            Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{key} answered {(int)answer.StatusCode} to a token that only reads");
        }
    }

    [Fact]
    public async Task Expired_revoked_and_wrong_tokens_reach_nothing()
    {
        using HttpClient expired = await fixture.Hub.ProgramAsync(Roles.Administrator, null, null, TimeSpan.Zero);
        using HttpClient revoked = await fixture.Hub.ProgramAsync(Roles.Administrator);
        await using (AsyncServiceScope scope = fixture.Hub.Services.CreateAsyncScope())
        {
            ApiTokens tokens = scope.ServiceProvider.GetRequiredService<ApiTokens>();
            Assert.True(await tokens.RevokeAsync((await tokens.ListAsync(default))[0].Id, default));
            Assert.False(await tokens.RevokeAsync("none", default));
        }

        using HttpClient wrong = fixture.Hub.Stranger();
        wrong.DefaultRequestHeaders.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", "iotp_" + new string('A', 43));
        foreach (string key in Table.Where(row => row.Value != Anybody).Select(row => row.Key))
        {
            foreach (HttpClient program in (HttpClient[])[expired, revoked, wrong])
            {
                using HttpResponseMessage answer = await SendAsync(program, key);
                bool refused = answer.StatusCode == HttpStatusCode.Unauthorized
                    || (answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.Location!.OriginalString.StartsWith("/login", StringComparison.Ordinal));
                Assert.True(refused, $"{key} answered {(int)answer.StatusCode}");
            }
        }
    }

    /// <summary>A site whose edge lets the hub order everything that there is, of a hub that can sign.</summary>
    private async Task OfferCommandsAsync()
    {
        fixture.Hub.Services.GetRequiredService<AuthoritySource>().GetOrCreate();
        SiteCatalogue catalogue = new(
            new LocalText("Offering", "Offering"),
            "UTC",
            [
                new CatalogueDevice("door-1", "door", "door", new LocalText("Door", "Door"), [], DeviceCommands.Unlock),
                new CatalogueDevice("meter-1", "electricity-meter", "meter", new LocalText("Meter", "Meter"), [], DeviceCommands.SwitchRelay),
            ],
            []);
        await fixture.Hub.Services.GetRequiredService<IEdgeDirectory>().TakeStateAsync(new EdgeState("offering", true, 1, "", "", 0, catalogue), default);
    }

    /// <summary>Who may is told that it is placed, or that one like it is open yet.</summary>
    private static async Task AssertOrdersAsync(HttpClient program, bool may, object body, string what)
    {
        using HttpResponseMessage answer = await program.PostAsJsonAsync(new Uri("/api/v1/sites/offering/commands", UriKind.Relative), body);
        Assert.True(
            may ? answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.Conflict : answer.StatusCode == HttpStatusCode.Forbidden,
            $"{what}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    private sealed record CommandRights(OrderedAction Action, string Who, Permission Permission, object[] Bodies);

    private IEnumerable<KeyValuePair<string, RouteEndpoint>> Routes() =>
        fixture.Hub.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Distinct()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
                .Where(method => method != "HEAD")
                .Select(method => KeyValuePair.Create($"{method} /{endpoint.RoutePattern.RawText!.TrimStart('/')}", endpoint)));

    /// <summary>Calls the route with ids that do not exist; only what authorisation says matters, so the answer is not read to its end.</summary>
    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string key, string query = "")
    {
        string[] parts = key.Split(' ');
        string address = parts[1].Replace("{**path}", "none", StringComparison.Ordinal).Replace("{", "no-", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);
        using HttpRequestMessage request = new(new HttpMethod(parts[0]), address + query);
        if (parts[0] == "POST")
        {
            request.Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
