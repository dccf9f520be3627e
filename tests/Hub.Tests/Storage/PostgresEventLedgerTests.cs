using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Storage;

[NeedsPeers("postgres")]
public sealed class PostgresEventLedgerTests() : EventLedgerTests(LedgerEngine.Postgres)
{
    [PeerFact("postgres")]
    public async Task Batch_that_the_server_refuses_takes_no_neighbour_down()
    {
        // PostgreSQL keeps no text with a NUL in it.
        Task<CommitOutcome>[] commits = [.. Enumerable.Range(1, 20).Select(i => Task.Run(() => OutcomeAsync(i, i == 7 ? "me\0ter" : "meter-3")))];
        UnstorableBatchException refused = await Assert.ThrowsAsync<UnstorableBatchException>(() => commits[6]);
        Assert.StartsWith("PostgreSQL refuses it (22021): ", refused.Message, StringComparison.Ordinal);
        commits[6] = Task.FromResult(CommitOutcome.Committed);
        Assert.All(await Task.WhenAll(commits), outcome => Assert.Equal(CommitOutcome.Committed, outcome));
    }

    [PeerFact("postgres")]
    public async Task What_the_server_can_never_hold_is_told_apart_from_what_may_pass()
    {
        AlarmTransition entered = new("o1", 0, "low", new("pump-1", "pressure"), AlarmLevel.Normal, AlarmLevel.Alarm, AlarmCause.Limit, 1_000, 0.3, 0.35, true);
        await Assert.ThrowsAsync<UnstorableBatchException>(() => CommitAsync(Events(1, entered with { Rule = "lo\0w" }), HashA));

        // A name that no index can hold: random, so that it does not shrink.
        string endless = string.Concat(Enumerable.Range(0, 200).Select(i => Convert.ToHexString(SHA512.HashData(BitConverter.GetBytes(i)))));
        UnstorableBatchException large = await Assert.ThrowsAsync<UnstorableBatchException>(() => CommitAsync(Events(1, entered with { Occurrence = endless }), HashA));
        Assert.StartsWith("PostgreSQL refuses it (54000): ", large.Message, StringComparison.Ordinal);

        Exception full = (await Record.ExceptionAsync(() => CommitWithoutRoomAsync(Events(1, entered))))!;
        Assert.IsNotType<UnstorableBatchException>(full);
        Assert.Contains("no room", full.ToString(), StringComparison.Ordinal);
        Assert.Equal(CommitOutcome.Committed, (await CommitAsync(Events(1, entered), HashA)).Outcome);
    }

    private async Task CommitWithoutRoomAsync(Batch batch)
    {
        await using DbConnection own = OpenOwn();
        await own.ExecuteAsync(
            """
            CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room' USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON batch FOR EACH ROW EXECUTE FUNCTION full_disk()
            """);
        try
        {
            await CommitAsync(batch, HashA);
        }
        finally
        {
            await own.ExecuteAsync("DROP TRIGGER full_disk ON batch");
        }
    }

    private async Task<CommitOutcome> OutcomeAsync(int sequence, string device) =>
        (await CommitAsync(Readings(sequence, Reading(sequence * 60_000L, 1m) with { Device = device }), HashA)).Outcome;
}
