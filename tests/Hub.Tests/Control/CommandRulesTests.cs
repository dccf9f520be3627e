using IotProperty.Hub.Control;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Control;

public sealed class CommandRulesTests
{
    private static readonly CommandOrder Order = new()
    {
        Site = "riverside",
        Id = "c1",
        Device = "door-1",
        Target = CommandTarget.Lock,
        AskedBy = "wang",
        Note = "",
        IssuedMs = 1_000,
        ExpiresMs = 11_000,
    };

    [Theory]
    [InlineData(CommandOutcome.Done, 2_000_000, CommandState.Done)]
    [InlineData(CommandOutcome.Refused, 2_000_000, CommandState.Refused)]
    [InlineData(CommandOutcome.Failed, 2_000_000, CommandState.Failed)]
    [InlineData(CommandOutcome.Expired, 2_000_000, CommandState.Expired)]
    [InlineData((CommandOutcome)77, 1_000, CommandState.Failed)]
    [InlineData(null, 1_000, CommandState.Waiting)]
    [InlineData(null, 11_000 + CommandLife.AnswerGraceMs - 1, CommandState.Waiting)]
    [InlineData(null, 11_000 + CommandLife.AnswerGraceMs, CommandState.Unanswered)]
    public void State_follows_from_the_answer_and_the_time(CommandOutcome? outcome, long nowMs, CommandState state) =>
        Assert.Equal(state, CommandLife.StateOf(Order, outcome is { } known ? new CommandAnswer(known, CommandReason.None, "", 0, true, 0) : null, nowMs));

    [Fact]
    public void A_reason_that_a_newer_hub_stored_is_none_to_this_one()
    {
        CommandResultRow row = new("riverside", "c-1", CommandOutcome.Refused, "words", 1, true, 2, (CommandReason)200);
        Assert.Equal((CommandReason.None, "words"), (row.ToAnswer().Reason, row.ToAnswer().Detail));
        Assert.Equal(CommandReason.Busy, (row with { Reason = CommandReason.Busy }).ToAnswer().Reason);
    }

    [Fact]
    public void Lifetimes_are_within_what_an_edge_takes() =>
        Assert.All(Enum.GetValues<OrderedAction>(), action => Assert.InRange(CommandLife.LifetimeMs(action), 1, SiteCommandRules.MaxLifetimeMs));

    [Theory]
    [InlineData(CommandTarget.Relay, SwitchPosition.Open, CommandEffect.CutOff)]
    [InlineData(CommandTarget.Relay, SwitchPosition.Close, CommandEffect.Restore)]
    [InlineData(CommandTarget.Relay, SwitchPosition.PermitClose, CommandEffect.PermitRestore)]
    [InlineData(CommandTarget.Valve, SwitchPosition.Open, CommandEffect.Restore)]
    [InlineData(CommandTarget.Valve, SwitchPosition.Close, CommandEffect.CutOff)]
    [InlineData(CommandTarget.Lock, null, CommandEffect.Unlock)]
    public void Effect_says_what_happens_on_site(CommandTarget target, SwitchPosition? position, CommandEffect effect)
    {
        CommandOrder order = Order with { Target = target, Position = position };
        Assert.Equal(effect, order.Effect);
        Assert.Null(SiteCommandRules.WhyNot(order.ToCommand()));
    }

    [Theory]
    [InlineData("riverside", "nothing", OrderedAction.Unlock, null, RefusalKind.NotFound, "not-found", "there is no device at site 'riverside' named 'nothing'")]
    [InlineData("riverside", "door-2", OrderedAction.Unlock, null, RefusalKind.Conflict, "command.not-offered", "commands: { unlock: [door-2] }")]
    [InlineData("riverside", "meter-1", OrderedAction.Unlock, null, RefusalKind.Conflict, "command.not-offered", "commands: { unlock: [meter-1] }")]
    [InlineData("riverside", "door-1", OrderedAction.Switch, SwitchPosition.Open, RefusalKind.Conflict, "command.not-offered", "commands: { switch: [door-1] }")]
    [InlineData("riverside", "water-1", OrderedAction.Switch, SwitchPosition.PermitClose, RefusalKind.Invalid, "invalid.position", "use open or close")]
    [InlineData("riverside", "both-1", OrderedAction.Switch, SwitchPosition.Open, RefusalKind.Conflict, "command.ambiguous", "opposite")]
    [InlineData("riverside", "door-1", OrderedAction.Unlock, SwitchPosition.Open, RefusalKind.Invalid, "invalid.position", "a door has none")]
    [InlineData("riverside", "meter-1", OrderedAction.Switch, null, RefusalKind.Invalid, "invalid.position", "needs one of open, close and permit-close")]
    [InlineData("riverside", "meter-1", OrderedAction.Switch, (SwitchPosition)9, RefusalKind.Invalid, "invalid.position", "must be open, close or permit-close")]
    [InlineData("riverside", "", OrderedAction.Unlock, null, RefusalKind.Invalid, "invalid.device", "1 to 200 characters")]
    [InlineData("riverside", "door-1", (OrderedAction)9, null, RefusalKind.Invalid, "invalid.action", "unlock or switch")]
    [InlineData("nowhere", "door-1", OrderedAction.Unlock, null, RefusalKind.NotFound, "not-found", "there is no site 'nowhere'")]
    [InlineData("silent", "door-1", OrderedAction.Unlock, null, RefusalKind.Conflict, "edge.unknown", "connect it first")]
    public async Task Refusals_say_what_is_wrong_and_how_to_mend_it(
        string site, string device, OrderedAction action, SwitchPosition? position, RefusalKind kind, string code, string mend)
    {
        await using CommandWorld world = await CommandWorld.StartAsync(LedgerEngine.Sqlite);
        await new IotProperty.Hub.Registry.EdgeDirectory(world.Ledger, world.Time).TakeStateAsync(new EdgeState("silent", true, 1, "", "", 0, null), default);
        Refusal refusal = (await world.Desk.OrderAsync(site, new CommandRequest { Device = device, Action = action, Position = position }, "wang", default)).Refusal!;
        Assert.Equal((kind, code), (refusal.Kind, refusal.Reasons[0].Code));
        Assert.Contains(mend, refusal.Reasons[0].Detail, StringComparison.Ordinal);
        Assert.Empty((await world.Desk.ListAsync(default, PageRequest.First, default)).Items);
    }

    [Fact]
    public void Ids_and_notes_are_held_to_their_bounds()
    {
        CommandRequest good = new() { Device = "d", Action = OrderedAction.Unlock, Id = new string('x', 64), Note = new string('n', 200) };
        Assert.Empty(good.Check());
        Assert.All(
            (CommandRequest[])[good with { Id = "a/b" }, good with { Id = new string('x', 65) }, good with { Note = new string('n', 201) }, good with { Note = "two\nlines" }, good with { Id = "+" }],
            request => Assert.Single(request.Check()));
    }
}
