using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Tests.World;

public class AccessPointTests
{
    private readonly List<WorldEvent> _events = [];
    private readonly AccessPoint _door;

    public AccessPointTests() => _door = new AccessPoint("door-1", 0.05, _events.Add);

    [Fact]
    public void Granted_resident_walks_through_and_the_door_relocks_by_itself()
    {
        _door.Swipe(1_001_001);
        Run(0.4);
        Assert.False(_door.IsOpen);
        Assert.True(_door.Unlock());
        Run(0.7);
        Assert.True(_door.IsOpen);
        Assert.True(_door.Unlocked);
        Run(3);
        Assert.False(_door.Unlocked);
        Run(2);
        Assert.False(_door.IsOpen);
        Assert.Equal(1u, _door.Passages);
        Assert.Equal([WorldEventKind.Swipe, WorldEventKind.Unlock, WorldEventKind.Opened, WorldEventKind.Closed], _events.Select(e => e.Kind));
    }

    [Fact]
    public void Nobody_walks_through_a_locked_door()
    {
        _door.Swipe(AccessTraffic.StrangersCard);
        Run(30);
        Assert.False(_door.IsOpen);
        Assert.Equal(0u, _door.Passages);
    }

    [Fact]
    public void Unlock_that_comes_too_late_finds_nobody()
    {
        _door.Swipe(1_001_001);
        Run(6);
        _door.Unlock();
        Run(5);
        Assert.Equal(0u, _door.Passages);
    }

    [Fact]
    public void Ring_keeps_the_newest_eight_and_its_numbers_wrap()
    {
        for (uint i = 1; i <= 65_540; i++)
        {
            _door.Swipe(i);
        }

        Assert.Equal(4, _door.Sequence);
        Dictionary<ushort, uint> ring = _door.Ring.ToDictionary(e => e.Sequence, e => e.Card);
        Assert.Equal([65_533, 65_534, 65_535, 0, 1, 2, 3, 4], ring.OrderBy(e => e.Value).Select(e => (int)e.Key));
        Assert.Equal(65_540u, ring[4]);
    }

    [Fact]
    public void Forced_door_opens_without_an_unlock_and_closes_when_mended()
    {
        _door.Active = AccessFault.Forced;
        Run(10);
        Assert.True(_door.IsOpen);
        Assert.DoesNotContain(_events, e => e.Kind == WorldEventKind.Unlock);
        _door.Active = AccessFault.None;
        Run(0.2);
        Assert.False(_door.IsOpen);
    }

    [Fact]
    public void Stuck_lock_refuses_the_unlock()
    {
        _door.Active = AccessFault.LockStuck;
        Assert.False(_door.Unlock());
        Assert.False(_door.Unlocked);
    }

    private void Run(double seconds)
    {
        for (int tick = 0; tick < (int)Math.Round(seconds / 0.05); tick++)
        {
            _door.Tick();
        }
    }
}
