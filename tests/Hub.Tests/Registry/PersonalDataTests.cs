using System.Data.Common;
using System.Runtime.Versioning;
using System.Text;
using Dapper;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Registry.Personal;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Tests.Registry;

[UnsupportedOSPlatform("windows")]
public sealed class SqlitePersonalDataTests() : PersonalDataTests(LedgerEngine.Sqlite)
{
    [Fact]
    public async Task File_holds_no_name_and_no_number_whether_they_came_today_or_from_an_older_program()
    {
        await AddAsync("o-1");
        InsertPlain("o-2");
        await RestartAsync();
        using (SqliteConnection connection = (SqliteConnection)Fixture.Open())
        {
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(Fixture.File)!))
        {
            byte[] bytes = await ReadAsync(file);
            Assert.All((string[])[Name, Phone, "13912345678", IdNumber], secret => Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"{file} holds {secret}"));
        }
    }

    private static async Task<byte[]> ReadAsync(string file)
    {
        await using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes);
        return bytes;
    }
}

[NeedsPeers("postgres")]
[UnsupportedOSPlatform("windows")]
public sealed class PostgresPersonalDataTests() : PersonalDataTests(LedgerEngine.Postgres);

/// <summary>Names and numbers of residents: encrypted in the ledger, readable with the key that lies elsewhere, and with nothing else.</summary>
[UnsupportedOSPlatform("windows")]
public abstract class PersonalDataTests : IDisposable
{
    protected const string Name = "欧阳娜娜";
    protected const string Phone = "139 1234 5678";
    protected const string IdNumber = "11010519491231002X";

    private RegistryDesk _desk;

    protected PersonalDataTests(LedgerEngine engine)
    {
        Fixture = new LedgerFixture(engine);
        _desk = DeskWith(Fixture.Vault());
    }

    protected LedgerFixture Fixture { get; }

    public void Dispose()
    {
        Fixture.Dispose();
        GC.SuppressFinalize(this);
    }

    [ConformanceFact]
    public async Task Showing_one_is_told_before_and_only_of_one_that_is_there()
    {
        Occupant added = await AddAsync("o-1");
        Assert.Equal(added, (await _desk.ShowOccupantAsync("o-1", default)).Value);
        Assert.Equal(RefusalKind.NotFound, (await _desk.ShowOccupantAsync("o-9", default)).Refusal?.Kind);
        AuditEntry told = Assert.Single((await new AuditDesk(Fixture.Ledger).ListAsync(new AuditQuery(Action: AuditAction.ResidentShown), PageRequest.First, default)).Items);
        Assert.Equal(("occupant", "o-1", "riverside"), (told.ObjectKind, told.ObjectId, told.Site));
        Assert.DoesNotContain(Name, told.ToString(), StringComparison.Ordinal);
    }

    [ConformanceTheory]
    [InlineData("UPDATE occupant SET name = substr(name, 1, length(name) - 2) || 'AA' WHERE id = 'o-1'", "was changed")]
    [InlineData("UPDATE occupant SET phone = name WHERE id = 'o-1'", "moved there")]
    [InlineData("UPDATE occupant SET name = (SELECT name FROM occupant WHERE id = 'o-2') WHERE id = 'o-1'", "moved there")]
    [InlineData("UPDATE occupant SET name = 'enc:1:ffffffffffffffff:AAAA' WHERE id = 'o-1'", "does not hold")]
    [InlineData("UPDATE occupant SET name = 'enc:1' WHERE id = 'o-1'", "is not encrypted")]
    [InlineData("UPDATE occupant SET id_number = 'plain' WHERE id = 'o-1'", "is not encrypted")]
    public async Task Text_that_was_tampered_with_is_found_and_named_and_not_shown(string sql, string what)
    {
        await AddAsync("o-1");
        await AddAsync("o-2");
        using (DbConnection connection = Fixture.Open())
        {
            Assert.Equal(1, connection.Execute(sql));
        }

        PersonalDataException found = await Assert.ThrowsAsync<PersonalDataException>(async () => await _desk.ShowOccupantAsync("o-1", default));
        Assert.StartsWith("occupant o-1, ", found.Message, StringComparison.Ordinal);
        Assert.Contains(what, found.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Name, found.ToString(), StringComparison.Ordinal);
        Assert.Equal(Name, (await _desk.ShowOccupantAsync("o-2", default)).Value?.Name);
    }

    [ConformanceFact]
    public async Task Rows_of_an_older_program_are_encrypted_at_the_start_and_a_second_start_changes_nothing()
    {
        await AddAsync("o-1");
        InsertPlain("o-2");
        await RestartAsync();
        string[] first = Rows();
        Assert.All(first, row => Assert.DoesNotContain(Name, row, StringComparison.Ordinal));
        Assert.Equal((Name, Phone, ""), (await _desk.ShowOccupantAsync("o-2", default)).Value is { } shown ? (shown.Name, shown.Phone, shown.IdNumber) : default);
        await RestartAsync();
        Assert.Equal(first, Rows());
    }

    [ConformanceFact]
    public async Task Missing_and_foreign_keys_are_refused_at_the_start_and_nothing_is_overwritten()
    {
        await AddAsync("o-1");
        string[] rows = Rows();
        string text = await File.ReadAllTextAsync(Fixture.KeyFile);
        string id = text[..16];

        File.Delete(Fixture.KeyFile);
        UsageException missing = await Assert.ThrowsAsync<UsageException>(RestartAsync);
        Assert.Contains($"{Fixture.KeyFile}: the file with the keys of personal data is missing — put it back", missing.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Fixture.KeyFile));
        await Assert.ThrowsAsync<UsageException>(async () => await DeskWith(Fixture.Vault()).AddAsync(new Occupant { Unit = "u-1", Name = "x" }, default));
        Assert.False(File.Exists(Fixture.KeyFile));

        await WriteKeysAsync($"0123456789abcdef {Convert.ToBase64String(new byte[32])}\n");
        Assert.Contains($"does not hold the key {id}", (await Assert.ThrowsAsync<UsageException>(RestartAsync)).Message, StringComparison.Ordinal);
        await WriteKeysAsync($"{id} {Convert.ToBase64String(new byte[32])}\n");
        Assert.Contains($"the key {id} is not the one", (await Assert.ThrowsAsync<UsageException>(RestartAsync)).Message, StringComparison.Ordinal);
        await WriteKeysAsync("what is this\n");
        Assert.Contains("line 1 is no key", (await Assert.ThrowsAsync<UsageException>(RestartAsync)).Message, StringComparison.Ordinal);
        await WriteKeysAsync("");
        Assert.Contains("holds no key", (await Assert.ThrowsAsync<UsageException>(RestartAsync)).Message, StringComparison.Ordinal);
        Assert.Equal(rows, Rows());

        await WriteKeysAsync(text);
        File.SetUnixFileMode(Fixture.KeyFile, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("chmod 600", (await Assert.ThrowsAsync<UsageException>(RestartAsync)).Message, StringComparison.Ordinal);
        await WriteKeysAsync(text);
        await RestartAsync();
        Assert.Equal(Name, (await _desk.ShowOccupantAsync("o-1", default)).Value?.Name);
    }

    [ConformanceFact]
    public async Task New_key_encrypts_all_anew_while_a_hub_that_runs_goes_on_reading_and_writing()
    {
        await AddAsync("o-1");
        string before = await File.ReadAllTextAsync(Fixture.KeyFile);
        using PersonalVault command = Fixture.Vault();
        await command.StartAsync(default);
        (PersonalKey key, int occupants) = await command.RotateAsync(default);
        Assert.Equal(1, occupants);
        Assert.StartsWith(before, await File.ReadAllTextAsync(Fixture.KeyFile), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Fixture.KeyFile));
        Assert.Equal(Name, (await _desk.ShowOccupantAsync("o-1", default)).Value?.Name);
        await AddAsync("o-2");
        Assert.All(Rows(), row => Assert.Contains($"enc:1:{key.Id}:", row, StringComparison.Ordinal));
        await RestartAsync();
        Assert.Equal(2, (await _desk.OccupantsAsync(null, PageRequest.First, default)).Items.Count);
    }

    [ConformanceFact]
    public async Task Same_name_twice_is_two_ciphertexts()
    {
        await AddAsync("o-1");
        await AddAsync("o-2");
        Assert.Equal(2, Rows().Select(row => row[row.IndexOf("enc:", StringComparison.Ordinal)..]).Distinct().Count());
    }

    [Theory]
    [InlineData("张三", "张*")]
    [InlineData("Zhang San", "Z*")]
    [InlineData("𠮷田", "𠮷*")]
    [InlineData("", "")]
    public void Names_are_masked_behind_their_first_character(string name, string masked) => Assert.Equal(masked, Masking.Name(name));

    [Theory]
    [InlineData("13812341234", "138****1234")]
    [InlineData("+86 138 0000 0001", "138****0001")]
    [InlineData("010-62781234", "010****1234")]
    [InlineData("139", "****")]
    [InlineData("", "")]
    public void Numbers_keep_three_and_four_digits(string phone, string masked) => Assert.Equal(masked, Masking.Phone(phone));

    protected async Task<Occupant> AddAsync(string id)
    {
        if (await _desk.FindSiteAsync("riverside", default) is null)
        {
            await _desk.AddAsync(new Site { Id = "riverside", Name = new LocalText("R", "R"), TimeZone = "UTC" }, default);
            await _desk.AddAsync(new Building { Id = "b-1", Site = "riverside", Name = new LocalText("B", "B") }, default);
            await _desk.AddAsync(new Unit { Id = "u-1", Building = "b-1", Number = "1" }, default);
        }

        return (await _desk.AddAsync(new Occupant { Id = id, Unit = "u-1", Name = Name, Phone = Phone, IdNumber = IdNumber }, default)).Value!;
    }

    /// <summary>As a program wrote it that knew nothing of encryption.</summary>
    protected void InsertPlain(string id)
    {
        using DbConnection connection = Fixture.Open();
        connection.Execute(
            "INSERT INTO occupant (id, unit, name, phone, role, household_size) VALUES (@id, 'u-1', @Name, @Phone, 0, 1)", new { id, Name, Phone });
    }

    protected async Task RestartAsync()
    {
        using PersonalVault vault = Fixture.Vault();
        await vault.StartAsync(default);
        _desk = DeskWith(Fixture.Vault());
    }

    private RegistryDesk DeskWith(PersonalVault vault) => new(Fixture.Ledger, new EdgeDirectory(Fixture.Ledger, Fixture.Clock), vault);

    private async Task WriteKeysAsync(string text)
    {
        File.Delete(Fixture.KeyFile);
        await File.WriteAllTextAsync(Fixture.KeyFile, text);
        File.SetUnixFileMode(Fixture.KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private string[] Rows()
    {
        using DbConnection connection = Fixture.Open();
        return [.. connection.Query("SELECT name, phone, id_number FROM occupant ORDER BY id").Select(row => $"{row.name} {row.phone} {row.id_number}")];
    }
}
