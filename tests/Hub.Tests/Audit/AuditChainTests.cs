using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Live;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Audit;

public sealed class SqliteAuditChainTests() : AuditChainTests(LedgerEngine.Sqlite)
{
    protected override string[] WaysPastTheGuards =>
    [
        "DROP TRIGGER audit_entry_is_kept", "DROP TRIGGER audit_entry_stays", "DROP TRIGGER audit_head_is_kept", "DROP TRIGGER audit_head_goes_forward",
    ];
}

[NeedsPeers("postgres")]
public sealed class PostgresAuditChainTests() : AuditChainTests(LedgerEngine.Postgres)
{
    protected override string[] WaysPastTheGuards => ["ALTER TABLE audit_entry DISABLE TRIGGER ALL", "ALTER TABLE audit_head DISABLE TRIGGER ALL"];
}

/// <summary>The chain on both engines: what goes in, what its guards refuse, and what the check finds when somebody gets past them.</summary>
public abstract class AuditChainTests : IDisposable
{
    private const int Entries = 12;

    private readonly AuditDesk _desk;

    protected AuditChainTests(LedgerEngine engine)
    {
        Fixture = new LedgerFixture(engine);
        _desk = new AuditDesk(Fixture.Ledger);
    }

    protected LedgerFixture Fixture { get; }

    /// <summary>What whoever owns the database can do against the guards.</summary>
    protected abstract string[] WaysPastTheGuards { get; }

    public void Dispose()
    {
        Fixture.Dispose();
        GC.SuppressFinalize(this);
    }

    [ConformanceFact]
    public async Task Empty_log_is_whole() =>
        Assert.Equal((0L, null, AuditChain.Start), await VerifyAsync() is var verdict ? (verdict.Verified, verdict.Break?.What, verdict.Head.Hash) : default);

    [ConformanceFact]
    public async Task Entry_stands_or_falls_with_the_change_that_it_tells_of()
    {
        RegistryDesk registry = new(Fixture.Ledger, new EdgeDirectory(Fixture.Ledger, Fixture.Clock), Fixture.Vault());
        Assert.True((await registry.AddAsync(new Site { Id = "riverside", Name = new LocalText("Riverside", "江畔"), TimeZone = "Asia/Shanghai" }, default)).Succeeded);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Fixture.Ledger.WriteAsync<bool>(
            change =>
            {
                change.Audit(AuditAction.RecordAdded, "building", "b1", "riverside");
                throw new InvalidOperationException("the write fails after its note");
            },
            default));
        AuditEntry only = Assert.Single((await _desk.ListAsync(default, PageRequest.First, default)).Items);
        Assert.Equal(("record-added", "site", "riverside", "riverside", ActorKind.Hub, Fixture.Clock.NowMs), (only.Action, only.ObjectKind, only.ObjectId, only.Site, only.ActorKind, only.AtMs));
        Assert.Null((await VerifyAsync()).Break);
    }

    [ConformanceTheory]
    [InlineData("UPDATE audit_entry SET actor = 'somebody else' WHERE sequence = 3")]
    [InlineData("DELETE FROM audit_entry WHERE sequence = 3")]
    [InlineData("DELETE FROM audit_entry")]
    [InlineData("DELETE FROM audit_head")]
    [InlineData("UPDATE audit_head SET sequence = sequence - 1")]
    [InlineData("UPDATE audit_head SET hash = 'ff'")]
    public async Task Database_itself_refuses_to_change_the_log(string sql)
    {
        await FillAsync();
        using DbConnection connection = Fixture.Open();
        DbException refused = Assert.ThrowsAny<DbException>(() => connection.Execute(sql));
        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
        Assert.Null((await VerifyAsync()).Break);
    }

    [ConformanceTheory]
    [InlineData("at_ms", "at_ms + 1")]
    [InlineData("actor_kind", "actor_kind + 1")]
    [InlineData("actor", "'somebody else'")]
    [InlineData("action", "'logout'")]
    [InlineData("object_kind", "'invoice'")]
    [InlineData("object_id", "'another'")]
    [InlineData("site", "'hillside'")]
    [InlineData("origin", "'192.0.2.9'")]
    [InlineData("outcome", "1 - outcome")]
    [InlineData("detail", "detail || ' '")]
    [InlineData("previous_hash", "'0000000000000000000000000000000000000000000000000000000000000000'")]
    [InlineData("hash", "'0000000000000000000000000000000000000000000000000000000000000000'")]
    public async Task Changed_column_is_found_at_its_row(string column, string value)
    {
        await FillAsync();
        Tamper($"UPDATE audit_entry SET {column} = {value} WHERE sequence = 5");
        AuditVerdict verdict = await VerifyAsync();
        Assert.Equal((4L, 5L), (verdict.Verified, verdict.Break?.Sequence));
    }

    [ConformanceFact]
    public async Task Every_column_is_among_those_that_are_tampered_with()
    {
        await FillAsync();
        using DbConnection connection = Fixture.Open();
        string[] columns = [.. ((IDictionary<string, object>)connection.QuerySingle("SELECT * FROM audit_entry WHERE sequence = 1")).Keys];
        string[] tried = [.. typeof(AuditChainTests).GetMethod(nameof(Changed_column_is_found_at_its_row))!
            .GetCustomAttributes(typeof(InlineDataAttribute), false).Cast<InlineDataAttribute>().Select(data => (string)data.GetData(null!).Single()[0])];
        Assert.Equal(columns.Except(["sequence"]).Order(), tried.Order());
    }

    [ConformanceTheory]
    [InlineData("entry 5 is missing", 5, "DELETE FROM audit_entry WHERE sequence = 5")]
    [InlineData("entry 1 is missing", 1, "DELETE FROM audit_entry WHERE sequence = 1")]
    [InlineData("was put there", 0, "UPDATE audit_entry SET sequence = 0 WHERE sequence = 5")]
    [InlineData("does not follow entry 4", 5, "UPDATE audit_entry SET sequence = -1 WHERE sequence = 5", "UPDATE audit_entry SET sequence = 5 WHERE sequence = 6", "UPDATE audit_entry SET sequence = 6 WHERE sequence = -1")]
    [InlineData("the end was cut off", 11, "DELETE FROM audit_entry WHERE sequence > 10")]
    [InlineData("the end was cut off", 1, "DELETE FROM audit_entry")]
    [InlineData("the last one is 14", 13, "UPDATE audit_head SET sequence = 14")]
    [InlineData("there is none", 13, "DELETE FROM audit_head")]
    public async Task Row_that_is_gone_or_moved_is_found(string what, long first, params string[] sql)
    {
        await FillAsync();
        Tamper(sql);
        AuditBreak? broken = (await VerifyAsync()).Break;
        Assert.Equal(first, broken?.Sequence);
        Assert.Contains(what, broken!.What, StringComparison.Ordinal);
    }

    [ConformanceFact]
    public async Task End_that_was_cut_off_together_with_the_head_is_found_by_a_head_kept_elsewhere()
    {
        await FillAsync();
        string kept = (await VerifyAsync()).Head.Hash;
        Assert.Null((await _desk.VerifyAsync(kept, default)).Break);
        Tamper(
            "DELETE FROM audit_entry WHERE sequence > 10",
            "UPDATE audit_head SET sequence = 10, hash = (SELECT hash FROM audit_entry WHERE sequence = 10)");
        Assert.Null((await VerifyAsync()).Break);
        AuditBreak? broken = (await _desk.VerifyAsync(kept, default)).Break;
        Assert.Equal(11, broken?.Sequence);
        Assert.Contains("cut off after entry 10", broken!.What, StringComparison.Ordinal);
    }

    [ConformanceFact]
    public async Task Appends_at_once_through_several_ledgers_make_one_chain()
    {
        using Ledger other = new(Fixture.Database, new LiveFeed(), Fixture.Clock);
        AuditDesk[] desks = [_desk, new AuditDesk(other)];
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
            await desks[i % 2].TellAsync([new AuditNote(Actor.Hub, AuditAction.Refused, "route", $"GET /{i}", "", "", AuditOutcome.Refused)], default))));
        AuditVerdict verdict = await VerifyAsync();
        Assert.Equal((40L, null), (verdict.Verified, verdict.Break));
        Page<AuditEntry> all = await _desk.ListAsync(default, PageRequest.First, default);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"GET /{i}").Order(), all.Items.Select(e => e.ObjectId).Order());
    }

    [ConformanceFact]
    public async Task List_is_filtered_and_paged_from_the_newest()
    {
        await FillAsync();
        Page<AuditEntry> first = await _desk.ListAsync(new AuditQuery(Site: "riverside"), new PageRequest(null, 4), default);
        Page<AuditEntry> second = await _desk.ListAsync(new AuditQuery(Site: "riverside"), new PageRequest(first.Next, 4), default);
        Assert.Equal([12L, 10, 8, 6], first.Items.Select(e => e.Sequence));
        Assert.Equal([4L, 2], second.Items.Select(e => e.Sequence));
        Assert.Null(second.Next);
        Assert.Equal(7, Assert.Single((await _desk.ListAsync(new AuditQuery(ObjectId: "object-7"), PageRequest.First, default)).Items).Sequence);
        Assert.Empty((await _desk.ListAsync(new AuditQuery(Actor: "hub", Action: AuditAction.LoggedOut), PageRequest.First, default)).Items);
    }

    [ConformanceTheory]
    [InlineData("with a\nline\0break", "with a line break")]
    [InlineData("水泵 😀", "水泵 😀")]
    public async Task Foreign_text_goes_in_as_one_line_that_every_database_gives_back(string text, string kept)
    {
        await _desk.TellAsync([new AuditNote(Actor.Hub, AuditAction.Refused, "route", text, "", text, AuditOutcome.Refused)], default);
        AuditEntry entry = Assert.Single((await _desk.ListAsync(default, PageRequest.First, default)).Items);
        Assert.Equal((kept, kept), (entry.ObjectId, entry.Detail));
        Assert.Null((await VerifyAsync()).Break);
    }

    [ConformanceFact]
    public Task Half_a_surrogate_pair_goes_in_as_what_it_is_stored_as() =>
        Foreign_text_goes_in_as_one_line_that_every_database_gives_back("half a pair " + (char)0xd83d, "half a pair \ufffd");

    [Fact]
    public void Hash_is_the_one_that_its_description_gives()
    {
        AuditEntry entry = AuditChain.Append(
            new AuditHead(6, new string('a', 64)),
            new AuditNote(new Actor(ActorKind.Person, "李", "::1"), "login", "user", "x", "", "d", AuditOutcome.Refused),
            1_700_000_000_000);

        // Put together by hand, byte by byte, from the words on HashOf.
        string hex = new string('a', 64)
            + "0000000000000007" + "0000018bcfe56800" + "0000000000000001"
            + "0000000000000003" + "e69d8e" + "0000000000000005" + "6c6f67696e" + "0000000000000004" + "75736572" + "0000000000000001" + "78"
            + "0000000000000000" + "0000000000000003" + "3a3a31" + "0000000000000001" + "0000000000000001" + "64";
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Convert.FromHexString(hex))), entry.Hash);
        Assert.Equal("李", Encoding.UTF8.GetString(Convert.FromHexString("e69d8e")));
    }

    private ValueTask<AuditVerdict> VerifyAsync() => _desk.VerifyAsync(null, default);

    /// <summary>Twelve entries, the even ones of one site.</summary>
    private async Task FillAsync()
    {
        for (int i = 1; i <= Entries; i++)
        {
            await _desk.TellAsync([new AuditNote(Actor.Hub, AuditAction.WorkOrderMoved, "work-order", $"object-{i}", i % 2 == 0 ? "riverside" : "", $"step {i}", AuditOutcome.Done)], default);
            Fixture.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        using DbConnection connection = Fixture.Open();
        Assert.Equal(Entries, connection.ExecuteScalar<int>("SELECT count(*) FROM audit_entry"));
    }

    private void Tamper(params string[] sql)
    {
        using DbConnection connection = Fixture.Open();
        foreach (string statement in WaysPastTheGuards.Concat(sql))
        {
            connection.Execute(statement);
        }
    }
}
