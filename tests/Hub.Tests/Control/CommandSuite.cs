using IotProperty.Hub.Audit;
using IotProperty.Hub.Control;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Control;

public sealed class SqliteCommandTests() : CommandSuite(LedgerEngine.Sqlite);

[NeedsPeers("postgres")]
public sealed class PostgresCommandTests() : CommandSuite(LedgerEngine.Postgres);

/// <summary>The life of a command, from the order to the edge's answer, on both databases.</summary>
public abstract class CommandSuite(LedgerEngine engine) : IAsyncLifetime
{
    private CommandWorld _world = null!;

    public async Task InitializeAsync() => _world = await CommandWorld.StartAsync(engine);

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [ConformanceFact]
    public async Task Command_is_signed_sent_answered_and_told_of_with_who_asked()
    {
        ScriptedDownlink downlink = new(DownlinkOutcome.Acknowledged);
        await _world.SendByAsync(downlink);
        CommandOrder order = await _world.OrderAsync(CommandWorld.Unlock(note: "a parcel"));
        Sent sent = await downlink.NextAsync();
        Assert.Equal(UplinkTopics.Command(CommandWorld.Site, order.Id), sent.Topic);
        Assert.Equal(new SiteCommand(CommandWorld.Site, order.Id, _world.NowMs, _world.NowMs + 10_000, "wang", new UnlockAction("door-1")), _world.Read(sent));
        Assert.Equal(CommandState.Waiting, await _world.StateAsync(order.Id));

        await _world.AnswerAsync(order.Id, CommandOutcome.Failed, "busy", CommandReason.DeviceRefused);
        CommandRecord command = Assert.Single((await _world.Desk.ListAsync(new CommandQuery(CommandWorld.Site), PageRequest.First, default)).Items);
        Assert.Equal(
            (CommandState.Failed, CommandReason.DeviceRefused, "busy", "a parcel", "wang"),
            (command.StateAt(_world.NowMs), command.Answer!.Reason, command.Answer.Detail, command.Order.Note, command.Order.AskedBy));
        AuditEntry[] told = [.. (await new AuditDesk(_world.Ledger).ListAsync(default, PageRequest.First, default)).Items];
        Assert.Equal(
            [("command-answered", order.Id, "unlock door-1, asked by wang: Failed"), ("command-ordered", order.Id, "unlock door-1")], told.Select(e => (e.Action, e.ObjectId, e.Detail)));
        Assert.All(told, entry => Assert.Equal((CommandWorld.Site, AuditOutcome.Done), (entry.Site, entry.Outcome)));
        Assert.Null((await new AuditDesk(_world.Ledger).VerifyAsync(null, default)).Break);
    }

    [ConformanceFact]
    public async Task Command_is_on_the_ledger_before_it_is_sent_and_is_tried_until_it_expires_but_never_after()
    {
        using MetricsText metrics = new();
        ScriptedDownlink downlink = new(
            DownlinkOutcome.NotConnected, DownlinkOutcome.ConnectionLost, DownlinkOutcome.NotSent, DownlinkOutcome.Refused, DownlinkOutcome.NotConnected);
        await _world.SendByAsync(downlink);
        CommandOrder order = await _world.OrderAsync(CommandWorld.Unlock());
        for (int second = 0; second < CommandLife.UnlockMs / 1000; second++)
        {
            Sent sent = await downlink.NextAsync();
            Assert.NotNull(await _world.Desk.FindAsync(CommandWorld.Site, order.Id, default));
            Assert.Equal(order.ExpiresMs, _world.Read(sent).ExpiresMs);
            Assert.True(_world.NowMs < order.ExpiresMs);
            await _world.Time.PassPauseAsync();
        }

        Assert.Equal(order.ExpiresMs, _world.NowMs);
        CommandOrder next = await _world.OrderAsync(CommandWorld.Unlock());
        Assert.Equal(next.Id, _world.Read(await downlink.NextAsync()).Id);
        Assert.Equal(11, downlink.Tries);
        string counted = metrics.Render();
        Assert.All(
            (string[])["not-connected", "connection-lost", "not-sent", "refused"], result => Assert.Matches($"iotp_command_tries_total\\{{result=\"{result}\"\\}} [1-9]", counted));

        // At the look after, the first one is over for good, and told of as such.
        await _world.Time.PassPauseAsync();
        await downlink.NextAsync();
        Assert.Matches("iotp_commands_not_taken_total [1-9]", metrics.Render());

        // Nobody heard of it; whether it happened is not known.
        Assert.Equal(CommandState.Waiting, await _world.StateAsync(order.Id));
        _world.Time.Advance(TimeSpan.FromMilliseconds(CommandLife.AnswerGraceMs));
        Assert.Equal(CommandState.Unanswered, await _world.StateAsync(order.Id));
    }

    [ConformanceFact]
    public async Task Edge_that_comes_back_gets_its_command_at_once()
    {
        ScriptedDownlink downlink = new(DownlinkOutcome.NotConnected, DownlinkOutcome.Acknowledged);
        await _world.SendByAsync(downlink);
        CommandOrder order = await _world.OrderAsync(CommandWorld.Unlock());
        await downlink.NextAsync();
        _world.Live.Publish(new LiveEvent(LiveKind.Edge, CommandWorld.Site, CommandWorld.Site));
        Assert.Equal(order.Id, _world.Read(await downlink.NextAsync()).Id);
        Assert.Equal(order.IssuedMs, _world.NowMs);
    }

    [ConformanceFact]
    public async Task Command_that_the_edge_took_and_did_not_answer_is_sent_again_until_it_does()
    {
        // It went down with the command, or had no disk for it: what MQTT acknowledges is not answered yet.
        ScriptedDownlink downlink = new(DownlinkOutcome.Acknowledged);
        await _world.SendByAsync(downlink);
        CommandOrder order = await _world.OrderAsync(CommandWorld.Unlock());
        SiteCommand first = _world.Read(await downlink.NextAsync());
        for (TimeSpan passed = TimeSpan.Zero; passed < CommandSender.RepeatEvery; passed += CommandSender.RetryEvery)
        {
            Assert.Equal(1, downlink.Tries);
            await _world.Time.PassPauseAsync();
        }

        Assert.Equal(first, _world.Read(await downlink.NextAsync()));
        await _world.AnswerAsync(order.Id, CommandOutcome.Done);
        CommandOrder other = await _world.OrderAsync(CommandWorld.Unlock());
        Assert.Equal(other.Id, _world.Read(await downlink.NextAsync()).Id);
        Assert.Equal(3, downlink.Tries);
    }

    [ConformanceFact]
    public async Task Command_that_the_edge_has_is_not_sent_again_at_once()
    {
        ScriptedDownlink downlink = new(DownlinkOutcome.Acknowledged);
        await _world.SendByAsync(downlink);
        await _world.OrderAsync(CommandWorld.Unlock());
        await downlink.NextAsync();
        CommandOrder other = await _world.OrderAsync(CommandWorld.Switch(SwitchPosition.Open));
        SiteCommand command = _world.Read(await downlink.NextAsync());
        Assert.Equal((other.Id, new SwitchAction("meter-1", SwitchPosition.Open), 60_000), (command.Id, command.Action, command.ExpiresMs - command.IssuedMs));
        Assert.Equal(2, downlink.Tries);
    }

    [ConformanceFact]
    public async Task Answer_may_come_before_the_word_of_the_connection_and_ends_the_tries()
    {
        ScriptedDownlink downlink = new((DownlinkOutcome?)null);
        await _world.SendByAsync(downlink);
        CommandOrder order = await _world.OrderAsync(CommandWorld.Unlock());
        await downlink.NextAsync();
        await _world.AnswerAsync(order.Id, CommandOutcome.Done);
        Assert.Equal(CommandState.Done, await _world.StateAsync(order.Id));
        downlink.Say(DownlinkOutcome.ConnectionLost);
        CommandOrder other = await _world.OrderAsync(CommandWorld.Unlock());
        Assert.Equal(other.Id, _world.Read(await downlink.NextAsync()).Id);
        Assert.Equal(2, downlink.Tries);
    }

    [ConformanceTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Word_that_never_comes_is_waited_for_until_the_expiry_and_no_longer(bool answered)
    {
        using MetricsText metrics = new();
        ScriptedDownlink downlink = new((DownlinkOutcome?)null);
        CommandSender sender = await _world.SendByAsync(downlink);
        CommandOrder order = await _world.OrderAsync(CommandWorld.Unlock());
        await downlink.NextAsync();
        if (answered)
        {
            await _world.AnswerAsync(order.Id, CommandOutcome.Done);
        }

        _world.Time.Advance(TimeSpan.FromMilliseconds(CommandLife.UnlockMs));
        CommandOrder other = await _world.OrderAsync(CommandWorld.Unlock());
        Assert.Equal(other.Id, _world.Read(await downlink.NextAsync()).Id);

        // An edge that answered has had it, whatever became of the word that it has. Each order brings a look, and one of the first finds the try ended.
        for (int looks = 0; answered ? looks < 5 : !IsToldAsNotTaken(order); looks++)
        {
            await _world.OrderAsync(CommandWorld.Unlock());
            await downlink.NextAsync();
        }

        Assert.Equal(!answered, IsToldAsNotTaken(order));
        if (!answered)
        {
            Assert.Matches("iotp_command_tries_total\\{result=\"expired\"\\} [1-9]", metrics.Render());
        }

        // The second waits yet; a hub that stops gives it up.
        await sender.StopAsync(default).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.NotEqual(order.Id, other.Id);
    }

    [ConformanceFact]
    public async Task Hub_that_starts_takes_up_what_is_open_and_nothing_else()
    {
        CommandOrder expired = await _world.OrderAsync(CommandWorld.Unlock());
        _world.Time.Advance(TimeSpan.FromMilliseconds(CommandLife.UnlockMs));
        CommandOrder answered = await _world.OrderAsync(CommandWorld.Switch(SwitchPosition.Close));
        await _world.AnswerAsync(answered.Id, CommandOutcome.Refused, "the meter is being serviced");
        CommandOrder open = await _world.OrderAsync(CommandWorld.Switch(SwitchPosition.Open));
        _world.Time.Advance(TimeSpan.FromSeconds(5));

        ScriptedDownlink downlink = new(DownlinkOutcome.Acknowledged);
        await _world.SendByAsync(downlink);
        SiteCommand sent = _world.Read(await downlink.NextAsync());
        Assert.Equal((open.Id, open.IssuedMs, open.ExpiresMs), (sent.Id, sent.IssuedMs, sent.ExpiresMs));
        CommandOrder later = await _world.OrderAsync(CommandWorld.Unlock());
        Assert.Equal(later.Id, _world.Read(await downlink.NextAsync()).Id);
        Assert.Equal(2, downlink.Tries);
        Assert.NotEqual(expired.Id, later.Id);
    }

    [ConformanceFact]
    public async Task Of_two_hubs_the_one_sends_to_which_the_edge_is_connected()
    {
        ScriptedDownlink away = new(DownlinkOutcome.NotConnected);
        ScriptedDownlink near = new(DownlinkOutcome.Acknowledged);
        await _world.SendByAsync(away);
        await _world.SendByAsync(near);
        CommandOrder order = await _world.OrderAsync(CommandWorld.Unlock());
        SiteCommand[] both = [_world.Read(await away.NextAsync()), _world.Read(await near.NextAsync())];

        // Word for word the same, so that an edge that gets both does it once.
        Assert.Equal(both[0], both[1]);
        await _world.AnswerAsync(order.Id, CommandOutcome.Done);
        CommandOrder next = await _world.OrderAsync(CommandWorld.Unlock());
        Assert.Equal(next.Id, _world.Read(await near.NextAsync()).Id);
    }

    [ConformanceFact]
    public async Task Repeated_request_is_one_command_and_another_content_is_refused()
    {
        CommandOrder first = await _world.OrderAsync(CommandWorld.Unlock("my-id", note: "parcel"));
        _world.Time.Advance(TimeSpan.FromSeconds(3));
        Result<PlacedCommand> again = await _world.Desk.OrderAsync(CommandWorld.Site, CommandWorld.Unlock("my-id", note: "parcel"), "wang", default);
        Assert.Equal((first, false), (again.Value!.Command.Order, again.Value.IsNew));
        await _world.AnswerAsync("my-id", CommandOutcome.Done);
        again = await _world.Desk.OrderAsync(CommandWorld.Site, CommandWorld.Unlock("my-id", note: "parcel"), "wang", default);
        Assert.Equal(CommandOutcome.Done, again.Value!.Command.Answer!.Outcome);
        (CommandRequest Request, string By)[] others =
        [
            (CommandWorld.Unlock("my-id"), "wang"), (CommandWorld.Unlock("my-id", note: "parcel"), "li"), (CommandWorld.Switch(SwitchPosition.Open, id: "my-id"), "wang"),
            (CommandWorld.Unlock("my-id", "door-2", "parcel"), "wang"),
        ];
        foreach ((CommandRequest request, string by) in others)
        {
            Assert.Equal((RefusalKind.Conflict, "id.taken"), Why(await _world.Desk.OrderAsync(CommandWorld.Site, request, by, default)));
        }

        Assert.Single((await _world.Desk.ListAsync(default, PageRequest.First, default)).Items);
        await _world.DeclareAsync("hillside");
        Assert.True((await _world.Desk.OrderAsync("hillside", CommandWorld.Unlock("my-id"), "li", default)).Value!.IsNew);
    }

    [ConformanceFact]
    public async Task Many_who_send_the_same_request_at_once_get_the_same_command()
    {
        Result<PlacedCommand>[] placed = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await _world.Desk.OrderAsync(CommandWorld.Site, CommandWorld.Unlock("once"), "wang", default))));
        Assert.Single(placed, one => one.Value!.IsNew);
        Assert.Single(placed.Select(one => one.Value!.Command.Order).Distinct());
    }

    [ConformanceFact]
    public async Task Meter_takes_one_order_at_a_time_so_that_none_overtakes_another()
    {
        CommandOrder cut = await _world.OrderAsync(CommandWorld.Switch(SwitchPosition.Open));
        Assert.Equal(
            (RefusalKind.Conflict, "command.open"), Why(await _world.Desk.OrderAsync(CommandWorld.Site, CommandWorld.Switch(SwitchPosition.Close), "wang", default)));
        await _world.OrderAsync(CommandWorld.Switch(SwitchPosition.Close, "water-1"));
        await _world.AnswerAsync(cut.Id, CommandOutcome.Failed, "no answer");
        CommandOrder restored = await _world.OrderAsync(CommandWorld.Switch(SwitchPosition.Close));
        _world.Time.Advance(TimeSpan.FromMilliseconds(CommandLife.SwitchMs));
        Assert.NotEqual(restored.Id, (await _world.OrderAsync(CommandWorld.Switch(SwitchPosition.PermitClose))).Id);
    }

    [ConformanceFact]
    public async Task Site_has_a_bounded_number_of_open_commands()
    {
        for (int i = 0; i < CommandDesk.MaxOpenAtSite; i++)
        {
            await _world.OrderAsync(CommandWorld.Unlock());
        }

        Assert.Equal((RefusalKind.Conflict, "commands.open"), Why(await _world.Desk.OrderAsync(CommandWorld.Site, CommandWorld.Unlock(), "wang", default)));
        _world.Time.Advance(TimeSpan.FromMilliseconds(CommandLife.UnlockMs));
        await _world.OrderAsync(CommandWorld.Unlock());
    }

    [ConformanceFact]
    public async Task Late_answer_still_counts()
    {
        CommandOrder order = await _world.OrderAsync(CommandWorld.Unlock());
        _world.Time.Advance(TimeSpan.FromHours(3));
        Assert.Equal(CommandState.Unanswered, await _world.StateAsync(order.Id));
        await _world.AnswerAsync(order.Id, CommandOutcome.Expired, "it came too late");
        Assert.Equal(CommandState.Expired, await _world.StateAsync(order.Id));
        AuditEntry told = (await new AuditDesk(_world.Ledger).ListAsync(default, PageRequest.First, default)).Items[0];
        Assert.Equal(("unlock door-1, asked by wang: Expired", AuditOutcome.Refused, ActorKind.Hub), (told.Detail, told.Outcome, told.ActorKind));
    }

    [ConformanceFact]
    public async Task Answer_to_what_this_hub_never_ordered_is_kept_and_not_put_on_the_audit_log()
    {
        await _world.AnswerAsync("of-another-time", CommandOutcome.Done);
        Assert.Empty((await new AuditDesk(_world.Ledger).ListAsync(default, PageRequest.First, default)).Items);
        Assert.Null(await _world.Desk.FindAsync(CommandWorld.Site, "of-another-time", default));

        // A hub that was restored from a backup learns of its command from the client that sends it again: it is over already.
        CommandOrder again = await _world.OrderAsync(CommandWorld.Unlock("of-another-time"));
        Assert.Equal(CommandState.Done, await _world.StateAsync(again.Id));
    }

    [ConformanceFact]
    public async Task Pages_of_the_list_neither_skip_nor_repeat()
    {
        List<string> ordered = [];
        for (int i = 0; i < 7; i++)
        {
            ordered.Add((await _world.OrderAsync(CommandWorld.Unlock())).Id);
            _world.Time.Advance(TimeSpan.FromMilliseconds(i % 3));
        }

        await _world.OrderAsync(CommandWorld.Switch(SwitchPosition.Open));
        List<string> listed = [];
        string? cursor = null;
        do
        {
            Page<CommandRecord> page = await _world.Desk.ListAsync(new CommandQuery(CommandWorld.Site, "door-1"), new PageRequest(cursor, 2), default);
            listed.AddRange(page.Items.Select(command => command.Order.Id));
            cursor = page.Next;
        }
        while (cursor is not null);
        Assert.Equal(ordered.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        Assert.Equal(ordered[^1], listed[0]);
    }

    private static (RefusalKind, string) Why(Result<PlacedCommand> result) => (result.Refusal!.Kind, result.Refusal.Reasons[0].Code);

    private bool IsToldAsNotTaken(CommandOrder order) =>
        _world.Log.Lines.Any(line => line.Contains(order.Id, StringComparison.Ordinal) && line.Contains("could give it to no edge", StringComparison.Ordinal));
}
