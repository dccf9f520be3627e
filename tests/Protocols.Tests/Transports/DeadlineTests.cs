using IotProperty.Tests;
using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

public sealed class DeadlineTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTime _time = new();

    [Fact]
    public void The_token_is_cancelled_when_the_time_is_over_and_not_before()
    {
        using Deadline deadline = new(_time);
        CancellationToken token = deadline.Arm(Second, CancellationToken.None);
        _time.Advance(999);
        Assert.False(token.IsCancellationRequested);
        _time.Advance(1);
        Assert.True(token.IsCancellationRequested);
    }

    [Fact]
    public void The_caller_s_cancellation_passes_through()
    {
        using CancellationTokenSource caller = new();
        using Deadline deadline = new(_time);
        CancellationToken token = deadline.Arm(Second, caller.Token);
        caller.Cancel();
        Assert.True(token.IsCancellationRequested);
    }

    [Fact]
    public void After_a_time_out_the_next_wait_has_its_full_time()
    {
        using Deadline deadline = new(_time);
        for (int i = 0; i < 3; i++)
        {
            CancellationToken token = deadline.Arm(Second, CancellationToken.None);
            _time.Advance(500);
            Assert.False(token.IsCancellationRequested);
            _time.Advance(500);
            Assert.True(token.IsCancellationRequested);
            deadline.Disarm();
        }
    }

    [Fact]
    public void A_disarmed_wait_neither_ends_the_next_one_nor_hears_its_caller()
    {
        using CancellationTokenSource caller = new();
        using Deadline deadline = new(_time);
        deadline.Arm(Second, caller.Token);
        _time.Advance(900);
        deadline.Disarm();
        CancellationToken token = deadline.Arm(Second, CancellationToken.None);
        _time.Advance(900);
        caller.Cancel();
        Assert.False(token.IsCancellationRequested);
    }

    [Fact]
    public void With_the_system_s_clock_waits_in_time_allocate_nothing()
    {
        using CancellationTokenSource caller = new();
        using Deadline deadline = new(TimeProvider.System);

        Assert.Equal(0, Allocations.LeastOfFiveRounds(1000, () =>
        {
            deadline.Arm(TimeSpan.FromMinutes(10), caller.Token);
            deadline.Disarm();
        }));
    }
}
