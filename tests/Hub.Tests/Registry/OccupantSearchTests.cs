using System.Data.Common;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.Versioning;
using System.Text.Json;
using Dapper;
using IotProperty.Hub.Audit;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Registry.Personal;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Registry;

[UnsupportedOSPlatform("windows")]
public sealed class SqliteOccupantSearchTests() : OccupantSearchTests(LedgerEngine.Sqlite);

[NeedsPeers("postgres")]
[UnsupportedOSPlatform("windows")]
public sealed class PostgresOccupantSearchTests() : OccupantSearchTests(LedgerEngine.Postgres);

/// <summary>Residents are found by their whole name or number, though neither can be read in the ledger.</summary>
[UnsupportedOSPlatform("windows")]
public abstract class OccupantSearchTests : IDisposable
{
    private readonly LedgerFixture _fixture;
    private RegistryDesk _desk;

    protected OccupantSearchTests(LedgerEngine engine)
    {
        _fixture = new LedgerFixture(engine);
        _desk = DeskWith(_fixture.Vault());
    }

    public void Dispose()
    {
        _fixture.Dispose();
        GC.SuppressFinalize(this);
    }

    [ConformanceTheory]
    [InlineData("欧阳娜娜", "o-1")]
    [InlineData(" 欧阳 娜娜 ", "o-1")]
    [InlineData("欧阳娜", "")]
    [InlineData("阳娜娜", "")]
    [InlineData("ZHANG san", "o-2 o-3")]
    [InlineData("ｚｈａｎｇｓａｎ", "o-2 o-3")]
    [InlineData("买买提・艾力", "o-4")]
    [InlineData("13912345678", "o-1")]
    [InlineData("+86 139-1234-5678", "o-1")]
    [InlineData("0086 139 1234 5678", "o-1")]
    [InlineData("5678", "")]
    [InlineData("139*", "")]
    [InlineData("%", null)]
    [InlineData(" ·- ", null)]
    [InlineData("", null)]
    public async Task Whole_name_or_number_is_found_however_it_is_written(string text, string? found)
    {
        await FillAsync();
        Result<Page<Occupant>> answer = await _desk.FindOccupantsAsync(text, default);
        Assert.Equal(found, answer.Value is { } page ? string.Join(' ', page.Items.Select(o => o.Id)) : null);
        Assert.Equal(found is null, answer.Refusal?.Kind == RefusalKind.Invalid);
        Assert.All(answer.Value?.Items ?? [], o => Assert.Equal((true, "", ""), (o.Name.EndsWith('*'), o.NameMark, o.PhoneMark)));
    }

    [ConformanceFact]
    public async Task Search_is_told_without_the_text_and_before_anything_was_registered()
    {
        Assert.Empty((await _desk.FindOccupantsAsync("张三", default)).Value!.Items);
        await FillAsync();
        await _desk.FindOccupantsAsync("Zhang San", default);
        await _desk.FindOccupantsAsync(new string('x', 201), default);
        AuditEntry[] told = [.. (await new AuditDesk(_fixture.Ledger).ListAsync(new AuditQuery(Action: AuditAction.ResidentsSearched), PageRequest.First, default)).Items];
        Assert.Equal(["by name or telephone number, 2 found", "by name or telephone number, 0 found"], told.Select(e => e.Detail));
        Assert.All(told, e => Assert.DoesNotContain("zhang", JsonSerializer.Serialize(e), StringComparison.OrdinalIgnoreCase));
    }

    [ConformanceFact]
    public async Task Marks_say_nothing_without_the_keys_but_that_equal_names_are_equal()
    {
        await FillAsync();
        string[] names = Marks("name_mark");
        string[] phones = Marks("phone_mark");
        Assert.Equal(names[1], names[2]);
        Assert.Equal(3, names.Distinct().Count());
        Assert.Equal("", phones[3]);
        Assert.Equal(3, phones[..3].Distinct().Count());
        Assert.All([.. names, .. phones[..3]], mark => Assert.Matches("^[0-9a-f]{16}:[A-Za-z0-9_-]{43}$", mark));

        // The same text as name and as number is marked otherwise, and so it is with other keys.
        PersonalMarks marks = new(new PersonalKeys(_fixture.KeyFile));
        Assert.NotEqual(marks.OfName("13912345678"), marks.OfPhone("13912345678"));
        PersonalKeys others = new(_fixture.KeyFile + ".other");
        others.Add();
        Assert.NotEqual(names[0][17..], new PersonalMarks(others).OfName("欧阳娜娜")[17..]);
    }

    [ConformanceFact]
    public async Task Rows_of_an_older_program_are_marked_at_the_start_and_a_second_start_changes_nothing()
    {
        await FillAsync();
        using (DbConnection connection = _fixture.Open())
        {
            connection.Execute("UPDATE occupant SET name_mark = '', phone_mark = '' WHERE id <> 'o-4'");
            connection.Execute("INSERT INTO occupant (id, unit, name, phone, role, household_size) VALUES ('o-5', 'u-1', '王五', '010-62781234', 0, 1)");
        }

        Assert.Empty((await _desk.FindOccupantsAsync("欧阳娜娜", default)).Value!.Items);
        await RestartAsync();
        Assert.Equal(["o-1"], await IdsAsync("欧阳娜娜"));
        Assert.Equal(["o-5"], await IdsAsync("01062781234"));
        string[] before = Marks("name");
        await RestartAsync();
        Assert.Equal(before, Marks("name"));
    }

    [ConformanceFact]
    public async Task After_a_new_key_everybody_is_found_also_those_whom_a_hub_wrote_that_did_not_know_it_yet()
    {
        await FillAsync();
        string first = Marks("name_mark")[0][..16];
        using PersonalVault command = _fixture.Vault();
        await command.StartAsync(default);
        (PersonalKey key, int occupants) = await command.RotateAsync(default);
        Assert.Equal(4, occupants);
        Assert.All(Marks("name_mark"), mark => Assert.StartsWith(key.Id, mark, StringComparison.Ordinal));
        Assert.Equal(["o-1"], await IdsAsync("欧阳娜娜"));

        // As another hub left it: under the earlier key.
        PersonalKeys old = new(_fixture.KeyFile + ".old");
        await File.WriteAllTextAsync(old.File, (await File.ReadAllLinesAsync(_fixture.KeyFile))[0] + "\n");
        File.SetUnixFileMode(old.File, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (DbConnection connection = _fixture.Open())
        {
            connection.Execute("UPDATE occupant SET name_mark = @mark WHERE id = 'o-1'", new { mark = new PersonalMarks(old).OfName("欧阳娜娜") });
        }

        Assert.Equal(first, Marks("name_mark")[0][..16]);
        Assert.Equal(["o-1"], await IdsAsync("欧阳娜娜"));
    }

    private async Task FillAsync()
    {
        await _desk.AddAsync(new Site { Id = "riverside", Name = new LocalText("R", "R"), TimeZone = "UTC" }, default);
        await _desk.AddAsync(new Building { Id = "b-1", Site = "riverside", Name = new LocalText("B", "B") }, default);
        await _desk.AddAsync(new Unit { Id = "u-1", Building = "b-1", Number = "1" }, default);
        foreach ((string id, string name, string phone) in ((string, string, string)[])[("o-1", "欧阳娜娜", "139 1234 5678"), ("o-2", "Zhang San", "138 0000 0001"), ("o-3", "zhang  SAN", "138 0000 0002"), ("o-4", "买买提·艾力", "")])
        {
            Assert.True((await _desk.AddAsync(new Occupant { Id = id, Unit = "u-1", Name = name, Phone = phone }, default)).Succeeded);
        }
    }

    private async Task<string[]> IdsAsync(string text) => [.. (await _desk.FindOccupantsAsync(text, default)).Value!.Items.Select(o => o.Id)];

    private async Task RestartAsync()
    {
        using PersonalVault vault = _fixture.Vault();
        await vault.StartAsync(default);
        _desk = DeskWith(_fixture.Vault());
    }

    private RegistryDesk DeskWith(PersonalVault vault) => new(_fixture.Ledger, new EdgeDirectory(_fixture.Ledger, _fixture.Clock), vault);

    private string[] Marks(string column)
    {
        using DbConnection connection = _fixture.Open();
        return [.. connection.Query<string>($"SELECT {column} FROM occupant ORDER BY id")];
    }
}

/// <summary>The search on the page and over the API of a whole hub.</summary>
public sealed class OccupantSearchPagesTests(SeededHub seeded) : IClassFixture<SeededHub>
{
    private static readonly Uri Search = new("/api/v1/occupants/search", UriKind.Relative);

    [Fact]
    public async Task Guard_finds_a_resident_on_the_page_and_over_the_api_masked_and_only_at_the_sites_of_the_role()
    {
        await AddAsync("诸葛孔明", "137 1111 2222");
        using HttpClient guard = await seeded.Hub.BrowserOfRoleAsync(Roles.Guard);
        using HttpResponseMessage page = await HubUnderTest.PostFormAsync(guard, "/residents", "/residents/search", ("text", "诸葛 孔明"));
        string html = PageReader.TextOf(await page.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("诸*", html, StringComparison.Ordinal);
        Assert.Contains("137****2222", html, StringComparison.Ordinal);
        using HttpResponseMessage nobody = await HubUnderTest.PostFormAsync(guard, "/residents", "/residents/search", ("text", "诸葛孔"));
        Assert.Contains("Nobody of this name or number.", await nobody.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using HttpResponseMessage nothing = await HubUnderTest.PostFormAsync(guard, "/residents", "/residents/search", ("text", "--"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, nothing.StatusCode);

        // Who changes the language after a search comes here.
        using HttpResponseMessage back = await guard.GetAsync(new Uri("/residents/search", UriKind.Relative));
        Assert.Equal((HttpStatusCode.SeeOther, "/residents"), (back.StatusCode, back.Headers.Location?.OriginalString));

        foreach ((string site, int found) in ((string, int)[])[(SeededHub.Site, 1), ("hillside", 0)])
        {
            using HttpClient program = await seeded.Hub.ProgramAsync(Roles.Guard, [site], null);
            using HttpResponseMessage answer = await program.PostAsJsonAsync(Search, new { text = "+8613711112222" });
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            string body = await answer.Content.ReadAsStringAsync();
            using JsonDocument json = JsonDocument.Parse(body);
            Assert.Equal((site, found), (site, json.RootElement.GetProperty("items").GetArrayLength()));
            Assert.DoesNotContain("孔明", body, StringComparison.Ordinal);
            Assert.DoesNotContain("Mark", body, StringComparison.Ordinal);
        }

        using HttpClient administrator = await seeded.Hub.ProgramAsync(Roles.Administrator);
        foreach (string wrong in (string[])["{}", """{"text":null}""", """{"text":7}"""])
        {
            using StringContent content = new(wrong, System.Text.Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await administrator.PostAsync(Search, content);
            Assert.Equal((wrong, HttpStatusCode.BadRequest), (wrong, answer.StatusCode));
        }
    }

    [Theory]
    [InlineData("/api/v1/occupants/search")]
    [InlineData("/api/v1/occupants/search/")]
    [InlineData("/API/v1/occupants/search")]
    public async Task Searches_of_one_person_are_few_in_a_minute(string address)
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync(change: settings => settings with { Limits = settings.Limits with { ResidentSearchesPerMinute = 3 } });
        using HttpClient program = await hub.ProgramAsync(Roles.Guard);
        List<HttpStatusCode> answers = [];
        for (int i = 0; i < 5; i++)
        {
            using HttpResponseMessage answer = await program.PostAsJsonAsync(new Uri(address, UriKind.Relative), new { text = "张三" });
            answers.Add(answer.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests], answers);
        using HttpResponseMessage other = await program.GetAsync(new Uri("/api/v1/sites", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    private async Task AddAsync(string name, string phone)
    {
        Result<Occupant> added = await seeded.Hub.Services.GetRequiredService<IRegistry>().AddAsync(new Occupant { Unit = seeded.UnitId, Name = name, Phone = phone }, default);
        Assert.True(added.Succeeded);
    }
}
