using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Registry;

public sealed class SqliteRegistryDeskTests() : RegistryDeskTests(LedgerEngine.Sqlite);

[NeedsPeers("postgres")]
public sealed class PostgresRegistryDeskTests() : RegistryDeskTests(LedgerEngine.Postgres);

public abstract class RegistryDeskTests : IDisposable
{
    private readonly LedgerFixture _fixture;
    private readonly EdgeDirectory _edges;
    private readonly RegistryDesk _desk;

    protected RegistryDeskTests(LedgerEngine engine)
    {
        _fixture = new LedgerFixture(engine);
        _edges = new EdgeDirectory(_fixture.Ledger, _fixture.Clock);
        _desk = new RegistryDesk(_fixture.Ledger, _edges, _fixture.Vault());
    }

    public void Dispose()
    {
        _fixture.Dispose();
        GC.SuppressFinalize(this);
    }

    [ConformanceFact]
    public async Task Records_are_kept_as_they_were_given_and_ids_are_made_where_none_are()
    {
        Site site = Must(await _desk.AddAsync(new Site { Id = "riverside", Name = Text("Riverside"), TimeZone = "Asia/Shanghai" }, default));
        Building building = Must(await _desk.AddAsync(new Building { Site = site.Id, Name = new LocalText("Block 3", "3号楼"), Address = "1 River Road" }, default));
        Unit unit = Must(await _desk.AddAsync(
            new Unit { Building = building.Id, Number = "1202", FloorAreaM2 = 89.50m, Layout = "2+1", Occupancy = Occupancy.Let }, default));
        Occupant occupant = Must(await _desk.AddAsync(new Occupant { Unit = unit.Id, Name = "张三", Phone = "+86 139 1234 5678", IdNumber = "11010519491231002X", Role = OccupantRole.Tenant, HouseholdSize = 3 }, default));
        Asset asset = Must(await _desk.AddAsync(
            new Asset { Id = "lift-1", Site = site.Id, Device = "lift-1", Kind = "lift", Name = Text("Lift"), Purchased = new DateOnly(2019, 5, 1), ServiceLifeYears = 15 }, default));
        Assert.Equal(32, building.Id.Length);
        Assert.Equal(site, await _desk.FindSiteAsync(site.Id, default));
        Assert.Equal(building, await _desk.FindBuildingAsync(building.Id, default));
        Assert.Equal(unit, await _desk.FindUnitAsync(unit.Id, default));
        Assert.Equal("89.50", (await _desk.FindUnitAsync(unit.Id, default))!.FloorAreaM2!.Value.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(occupant, Must(await _desk.ShowOccupantAsync(occupant.Id, default)));
        Assert.Equal(
            [occupant with { Name = "张*", Phone = "139****5678", IdNumber = "110***********002X" }],
            (await _desk.OccupantsAsync(unit.Id, PageRequest.First, default)).Items);
        Assert.Equal(asset, await _desk.FindAssetAsync("lift-1", default));
        Assert.Empty((await _desk.UnitsAsync("elsewhere", PageRequest.First, default)).Items);
    }

    [ConformanceFact]
    public async Task Refusals_say_what_is_unknown_taken_or_wrong()
    {
        Must(await _desk.AddAsync(new Site { Id = "riverside", Name = Text("R"), TimeZone = "UTC" }, default));
        Must(await _desk.AddAsync(new Building { Id = "b-1", Site = "riverside", Name = Text("B") }, default));
        Must(await _desk.AddAsync(new Unit { Id = "u-1", Building = "b-1", Number = "1" }, default));
        Must(await _desk.AddAsync(new Asset { Id = "a-1", Site = "riverside", Device = "d", Kind = "lift", Name = Text("L") }, default));
        Assert.Equal((RefusalKind.Invalid, "unknown.site"), Why(await _desk.AddAsync(new Building { Site = "x", Name = Text("B") }, default)));
        Assert.Equal((RefusalKind.Conflict, "id.taken"), Why(await _desk.AddAsync(new Building { Id = "b-1", Site = "riverside", Name = Text("B") }, default)));
        Assert.Equal((RefusalKind.Conflict, "unit.number"), Why(await _desk.AddAsync(new Unit { Building = "b-1", Number = "1" }, default)));
        Assert.Equal((RefusalKind.Conflict, "asset.device"), Why(await _desk.AddAsync(new Asset { Site = "riverside", Device = "d", Kind = "lift", Name = Text("L") }, default)));
        Assert.Equal((RefusalKind.Invalid, "invalid.timeZone"), Why(await _desk.AddAsync(new Site { Id = "s", Name = Text("S"), TimeZone = "Moon/Base" }, default)));
        Assert.Equal((RefusalKind.Invalid, "invalid.id"), Why(await _desk.AddAsync(new Unit { Id = "a/b", Building = "b-1", Number = "2" }, default)));
    }

    [ConformanceFact]
    public async Task Pages_go_on_where_they_ended()
    {
        Must(await _desk.AddAsync(new Site { Id = "riverside", Name = Text("R"), TimeZone = "UTC" }, default));
        foreach (int i in Enumerable.Range(0, 7))
        {
            Must(await _desk.AddAsync(new Building { Id = $"b-{i}", Site = "riverside", Name = Text("B") }, default));
        }

        Page<Building> first = await _desk.BuildingsAsync("riverside", new PageRequest(null, 5), default);
        Page<Building> second = await _desk.BuildingsAsync("riverside", new PageRequest(first.Next, 5), default);
        Assert.Equal(["b-0", "b-1", "b-2", "b-3", "b-4"], first.Items.Select(b => b.Id));
        Assert.Equal(["b-5", "b-6"], second.Items.Select(b => b.Id));
        Assert.Null(second.Next);
    }

    [ConformanceFact]
    public async Task Edge_names_its_site_and_a_will_keeps_the_catalogue()
    {
        EdgeState online = State(true, 5, Catalogue("Asia/Shanghai"));
        Assert.True(await _edges.TakeStateAsync(online, default));
        Assert.False(await _edges.TakeStateAsync(online, default));
        Assert.Equal(("Asia/Shanghai", "滨江花园"), ((await _desk.FindSiteAsync("riverside", default))!.TimeZone, (await _desk.FindSiteAsync("riverside", default))!.Name.ZhCn));
        Assert.True(await _edges.TakeStateAsync(State(false, 5, null), default));
        EdgeRecord edge = (await _desk.FindEdgeAsync("riverside", default))!;
        Assert.False(edge.Online);
        Assert.Equal("lift-1", edge.Catalogue!.Devices.Single().Id);
    }

    [ConformanceFact]
    public async Task Site_is_there_as_soon_as_its_edge_is_let_in()
    {
        await using (ServiceProvider people = new ServiceCollection().AddSingleton<TimeProvider>(_fixture.Clock).AddSingleton(_fixture.Database).AddPeople(_fixture.Folder).BuildServiceProvider())
        {
            Assert.NotNull((await people.GetRequiredService<EdgeCredentials>().IssueAsync("riverside", false, default)).Secret);
        }

        Must(await _desk.AddAsync(new Building { Site = "riverside", Name = Text("B") }, default));
    }

    [ConformanceFact]
    public async Task State_of_an_older_boot_changes_nothing()
    {
        await _edges.TakeStateAsync(State(true, 5, Catalogue("Asia/Shanghai")), default);
        Assert.False(await _edges.TakeStateAsync(State(false, 4, null), default));
        Assert.True((await _desk.FindEdgeAsync("riverside", default))!.Online);
        Assert.True(await _edges.TakeStateAsync(State(true, 6, Catalogue("Nowhere/Land")), default));
        Assert.Equal("Asia/Shanghai", (await _desk.FindSiteAsync("riverside", default))!.TimeZone);
    }

    [ConformanceFact]
    public async Task Edge_that_was_just_heard_says_so()
    {
        await _edges.TakeStateAsync(State(true, 5, null), default);
        _fixture.Clock.Advance(TimeSpan.FromMinutes(5));
        _edges.Heard("riverside");
        Assert.Equal(_fixture.Clock.NowMs, (await _desk.EdgesAsync(default)).Single().LastSeenMs);
    }

    private static EdgeState State(bool online, long epoch, SiteCatalogue? catalogue) => new("riverside", online, epoch, "0.1.0", "aa", 0, catalogue);

    private static LocalText Text(string text) => new(text, text);

    private static T Must<T>(Result<T> result)
        where T : class => result.Succeeded ? result.Value : throw new InvalidOperationException(result.Refusal.ToString());

    private static (RefusalKind Kind, string Code) Why<T>(Result<T> result)
        where T : class => (result.Refusal!.Kind, Assert.Single(result.Refusal.Reasons).Code);

    private static SiteCatalogue Catalogue(string zone) => new(
        new LocalText("Riverside Garden", "滨江花园"), zone, [new CatalogueDevice("lift-1", "lift", "sim-lift", new LocalText("Lift", "电梯"), [])], []);
}
