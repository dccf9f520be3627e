using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Storage;

/// <summary>Text that no database at the hub could keep does not get into the outbox, whoever brings it.</summary>
public class OutboxTextTests
{
    [Fact]
    public async Task Text_with_a_NUL_is_replaced_before_it_is_stored_and_the_tallies_are_those_of_what_is_sent()
    {
        await using OutboxBench bench = new();
        await bench.Outbox.AddAsync(
            new OutboxEvents
            {
                Transitions = [OutboxBench.Transition("o-1", "lo\0w") with { TimeMs = bench.NowMs }],
                AccessEvents = [new AccessEvent("a-1", "door-1", AccessEventKind.Credential, AccessDecision.Denied, AccessReason.UnknownCredential, "", "ab\0", bench.NowMs, true)],
                CommandResults = [new CommandResult("c-1", CommandOutcome.Failed, CommandReason.NotConfirmed, "the device said \0\0x", bench.NowMs, true)],
                Gaps = [new GapRecord("g-1", Lane.Telemetry, 1, 1, 1, bench.NowMs, bench.NowMs, 3, "refused by hub: \0")],
            },
            CancellationToken.None);
        await bench.Outbox.AddAsync([new MeterReading("meter-3", "energy", "kW\0h", bench.NowMs, 7m, 10, Quality.Good, true)], CancellationToken.None);
        await bench.ConnectAsync();
        List<Batch> hub = await bench.AllAsync(receipts: true);
        await bench.PassAsync(300_000);
        hub.AddRange(await bench.AllAsync(receipts: true));
        Assert.All(hub, batch => Assert.Null(UplinkText.WhyNot(batch)));
        Batch events = Assert.Single(hub, batch => batch.Key.Lane == Lane.Event);
        Assert.Equal(
            ("lo\uFFFDw", "ab\uFFFD", "the device said \uFFFD\uFFFDx", "refused by hub: \uFFFD"),
            (events.Transitions[0].Rule, events.AccessEvents[0].Fingerprint, events.CommandResults[0].Detail, events.Gaps[0].Reason));
        Assert.Equal("kW\uFFFDh", hub.Single(batch => batch.Key.Lane == Lane.Reading).Readings[0].Unit);
        Assert.Equal(2, bench.Tallies.Count);
        Assert.All(bench.Tallies.Values, tally => Assert.Equal(
            tally.Hash, hub.Where(batch => batch.Key.Lane == tally.Lane).SelectMany(BatchTally.Of).Aggregate(0UL, (sum, of) => unchecked(sum + of.Hash))));
    }

    [Fact]
    public async Task A_refusal_whose_reason_holds_a_NUL_is_declared_without_it()
    {
        await using OutboxBench bench = new();
        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(10);
        await bench.ConnectAsync();
        await bench.ReceiptAsync(await bench.NextAsync(), ReceiptStatus.Refused, "no\0");
        Assert.Equal("refused by hub: no\uFFFD", Assert.Single((await bench.NextAsync()).Gaps).Reason);
    }

    [Fact]
    public async Task A_sample_of_a_point_with_a_NUL_in_its_name_is_misuse()
    {
        await using OutboxBench bench = new();
        ArgumentException misuse = Assert.Throws<ArgumentException>(() => bench.Outbox.Add(bench.Sample(1, "pres\0sure")));
        Assert.Contains("U+0000", misuse.Message, StringComparison.Ordinal);
    }
}
