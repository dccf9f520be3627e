using System.Collections.Immutable;
using IotProperty.Edge.Control;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Control;

public class CommandBookTests
{
    private const long NowMs = 1_800_000_000_000;
    private static readonly Moment Now = At(NowMs);
    private static readonly SiteCommand Unlock = new("riverside", "c-1", NowMs, NowMs + 10_000, "anna", new UnlockAction("door-1"));

    private readonly CommandBook _book = NewBook();

    [Fact]
    public void A_command_is_carried_out_once()
    {
        CommandVerdict verdict = _book.Take(Unlock, Now)!;
        Assert.Null(verdict.Refusal);
        Assert.Equal(new CommandMemory(Unlock.IssuedMs, Unlock.ExpiresMs, Ended: false), verdict.Memory);
        Assert.Null(_book.Take(Unlock, Now));
        (CommandResult result, CommandMemory memory) = _book.End("c-1", OrderEnd.Done("confirmed"), At(NowMs + 40));
        Assert.Equal(new CommandResult("c-1", CommandOutcome.Done, CommandReason.None, "confirmed", NowMs + 40, true), result);
        Assert.True(memory.Ended);
        Assert.Null(_book.Take(Unlock, Now));
    }

    [Theory]
    [InlineData(-1, null, "")]
    [InlineData(0, CommandOutcome.Expired, "it came 0.0 s after its expiry")]
    [InlineData(1_500, CommandOutcome.Expired, "it came 1.5 s after its expiry")]
    public void A_late_one_is_not_carried_out(long afterExpiryMs, CommandOutcome? outcome, string why)
    {
        CommandVerdict verdict = _book.Take(Unlock, At(Unlock.ExpiresMs + afterExpiryMs))!;
        Assert.Equal((outcome, why), (verdict.Refusal?.Outcome, verdict.Refusal?.Detail ?? ""));
        Assert.Equal(outcome is null ? null : CommandReason.Late, verdict.Refusal?.Reason);
        Assert.Equal(outcome is not null, verdict.Memory.Ended);
    }

    [Fact]
    public void One_from_the_future_is_not_carried_out_beyond_what_clocks_differ()
    {
        Assert.Null(_book.Take(Unlock, At(NowMs - CommandBook.MaxAheadMs))!.Refusal);
        CommandResult refused = _book.Take(Unlock with { Id = "c-2" }, At(NowMs - CommandBook.MaxAheadMs - 1))!.Refusal!;
        Assert.Equal((CommandOutcome.Refused, CommandReason.ClocksDisagree, "it was issued 30.0 s in the future: the clocks of hub and edge disagree"), (refused.Outcome, refused.Reason, refused.Detail));
    }

    [Fact]
    public void An_edge_that_does_not_know_the_time_carries_nothing_out()
    {
        CommandResult refused = _book.Take(Unlock, Now with { ClockTrusted = false })!.Refusal!;
        Assert.Equal((CommandOutcome.Refused, CommandReason.ClockNotSynchronised), (refused.Outcome, refused.Reason));
        Assert.Contains("not synchronised", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void An_edge_that_is_told_to_believe_any_clock_judges_by_the_one_it_has()
    {
        CommandBook trusting = new("riverside", Rights, anyClock: true);
        Moment now = Now with { ClockTrusted = false };
        Assert.Null(trusting.Take(Unlock, now)!.Refusal);
        Assert.False(trusting.End("c-1", OrderEnd.Done(""), now).Result.ClockTrusted);
        Assert.Equal(CommandOutcome.Expired, trusting.Take(Unlock with { Id = "c-2" }, now with { UtcMs = Unlock.ExpiresMs })!.Refusal!.Outcome);
        Assert.Equal("c-1", trusting.Forget(now with { UtcMs = Unlock.ExpiresMs + SiteCommandRules.MaxLifetimeMs + 1 })[0]);
    }

    [Fact]
    public void What_the_site_does_not_name_is_refused_with_what_to_write()
    {
        List<(CommandAction Action, string Why)> refused =
        [
            (new UnlockAction("gate-9"), "there is no such device on this site"),
            (new UnlockAction("pump-1"), "commands: { unlock: [ pump-1 ] }"),
            (new SwitchAction("door-1", SwitchPosition.Open), "commands: { switch: [ door-1 ] }"),
        ];
        foreach ((CommandAction action, string why) in refused)
        {
            CommandResult result = _book.Take(Unlock with { Id = $"refused-{refused.IndexOf((action, why))}", Action = action }, Now)!.Refusal!;
            Assert.Equal((CommandOutcome.Refused, CommandReason.NotAllowed), (result.Outcome, result.Reason));
            Assert.Contains(why, result.Detail, StringComparison.Ordinal);
        }

        CommandBook silent = new("riverside", new CommandRights(SampleSite.Read()));
        Assert.Equal(CommandOutcome.Refused, silent.Take(Unlock, Now)!.Refusal!.Outcome);
    }

    [Fact]
    public void One_for_another_site_is_nobodys_and_takes_no_room()
    {
        for (int number = 0; number < 2 * CommandBook.MaxRemembered; number++)
        {
            Assert.Null(_book.Take(Unlock with { Site = "hillside", Id = $"other-{number}" }, Now));
        }

        Assert.Null(_book.Take(Unlock, Now)!.Refusal);
    }

    [Fact]
    public void What_is_forgotten_stays_late_whatever_becomes_of_the_clock()
    {
        _book.Take(Unlock, Now);
        _book.End("c-1", OrderEnd.Done(""), Now);
        long forgettable = Unlock.ExpiresMs + SiteCommandRules.MaxLifetimeMs;
        Assert.Empty(_book.Forget(At(forgettable)));
        Assert.Empty(_book.Forget(At(forgettable + 1) with { ClockTrusted = false }));
        Assert.Equal("c-1", Assert.Single(_book.Forget(At(forgettable + 1))));
        Assert.Equal(NowMs, _book.ForgottenThroughMs);

        // Somebody recorded it and sends it again, now and with a clock that was set back to its time.
        Assert.Null(_book.Take(Unlock, At(forgettable + 1)));
        Assert.Null(_book.Take(Unlock, Now));
        CommandBook restarted = NewBook();
        restarted.Restore([], _book.ForgottenThroughMs);
        Assert.Null(restarted.Take(Unlock, Now));
        Assert.Null(restarted.Take(Unlock with { Id = "c-2", IssuedMs = NowMs + 1 }, Now)!.Refusal);
    }

    [Fact]
    public void One_that_was_recorded_long_ago_leaves_no_trace()
    {
        Moment later = At(Unlock.ExpiresMs + SiteCommandRules.MaxLifetimeMs + 1);
        Assert.Null(_book.Take(Unlock, later));
        Assert.Empty(_book.Forget(At(later.UtcMs + SiteCommandRules.MaxLifetimeMs)));
    }

    [Fact]
    public void What_is_under_way_is_never_forgotten()
    {
        _book.Take(Unlock, Now);
        Assert.Empty(_book.Forget(At(NowMs + 86_400_000)));
    }

    [Fact]
    public void The_memory_is_bounded_and_beyond_it_nothing_is_carried_out()
    {
        for (int number = 0; number < CommandBook.MaxRemembered; number++)
        {
            Assert.Null(_book.Take(Unlock with { Id = $"n-{number}" }, Now)!.Refusal);
        }

        Assert.Null(_book.Take(Unlock, Now));
        _book.Undo("n-7");
        Assert.NotNull(_book.Take(Unlock, Now));
    }

    [Fact]
    public void A_restart_tells_which_were_begun_and_not_ended()
    {
        ImmutableArray<string> open = _book.Restore(
            [new("b", new(NowMs, NowMs + 1, false)), new("a", new(NowMs, NowMs + 1, false)), new("c-1", new(NowMs, NowMs + 1, true))], -1);
        Assert.Equal("a b", string.Join(' ', open));
        Assert.Null(_book.Take(Unlock, Now));
    }

    [Fact]
    public void The_memory_is_read_as_it_was_written_and_nothing_else_is()
    {
        CommandMemory memory = new(NowMs, long.MaxValue, true);
        byte[] bytes = memory.ToBytes();
        Assert.True(CommandMemory.TryRead(bytes, out CommandMemory read));
        Assert.Equal(memory, read);
        Assert.False(CommandMemory.TryRead(bytes.AsSpan(1), out _));
        Assert.False(CommandMemory.TryRead([2, .. bytes.AsSpan(1)], out _));
        Assert.False(CommandMemory.TryRead([1, 2, .. bytes.AsSpan(2)], out _));
        Assert.False(CommandMemory.TryRead([], out _));
    }

    private static CommandRights Rights => new(SampleSite.Read() with { Commands = new CommandsConfiguration(["door-1"], [], null) });

    private static CommandBook NewBook() => new("riverside", Rights);

    private static Moment At(long utcMs) => new(utcMs - 1_000_000, utcMs, true);
}
