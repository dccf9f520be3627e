using IotProperty.Edge.Access;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Access;

public class DoorAccessTests
{
    private const ulong Known = 11;
    private const ulong Unknown = 99;

    private static readonly CardFingerprint Fingerprint = new(new byte[32]);
    private int _ids;

    /// <summary>
    /// A door whose controller was last seen at swipe <c>taken</c> (empty: never), then shows its counter and its ring; good polls without swipes came until
    /// <c>quietMs</c> before. Told is each event as kind, reason and credential (or ? with a fingerprint), then whether the door is unlocked.
    /// </summary>
    [Theory]
    // One swipe at a time.
    [InlineData("5", 100, 6, "6=11", "Credential Known resident | unlock")]
    [InlineData("5", 100, 6, "6=99", "Credential UnknownCredential ?")]
    [InlineData("5", 100, 6, "6=12", "Credential Blocked blocked")]
    [InlineData("5", 100, 5, "4=11 5=11", "")]
    // Several between two polls: each is decided, in order, and the door is unlocked once.
    [InlineData("5", 100, 8, "6=99 7=11 8=11", "Credential UnknownCredential ?, Credential Known resident, Credential Known resident | unlock")]
    [InlineData("5", 100, 7, "7=99 5=11 6=12", "Credential Blocked blocked, Credential UnknownCredential ?")]
    // The ring was written on while the counter was read.
    [InlineData("5", 100, 6, "6=99 7=11", "Credential UnknownCredential ?, Credential Known resident | unlock")]
    [InlineData("5", 100, 5, "5=99 6=11", "Credential Known resident | unlock")]
    // The counter wraps.
    [InlineData("65534", 100, 1, "65535=99 0=99 1=11", "Credential UnknownCredential ?, Credential UnknownCredential ?, Credential Known resident | unlock")]
    [InlineData("65535", 100, 0, "65535=11 0=11", "Credential Known resident | unlock")]
    // Overwritten before it was read: recorded, not decided.
    [InlineData("5", 100, 10, "7=11 8=99 9=12 10=99", "Missed EdgeWasAway, Credential Known resident, Credential UnknownCredential ?, Credential Blocked blocked, Credential UnknownCredential ? | unlock")]
    // The edge was away: recorded, never unlocked, nor is what the ring lost.
    [InlineData("5", 60_000, 7, "6=11 7=99", "Missed EdgeWasAway resident, Missed EdgeWasAway ?")]
    [InlineData("5", 60_000, 11, "8=11 9=11 10=11 11=11", "Missed EdgeWasAway, Missed EdgeWasAway, Missed EdgeWasAway resident, Missed EdgeWasAway resident, Missed EdgeWasAway resident, Missed EdgeWasAway resident")]
    [InlineData("65534", 60_000, 0, "65535=11 0=11", "Missed EdgeWasAway resident, Missed EdgeWasAway resident")]
    // But who swipes in the very moment of return is let in.
    [InlineData("5", 60_000, 6, "6=99 7=11", "Missed EdgeWasAway ?, Credential Known resident | unlock")]
    // The very first start takes over.
    [InlineData("", 60_000, 6, "5=11 6=11", "")]
    [InlineData("", 60_000, 0, "", "")]
    [InlineData("", 60_000, 6, "6=11 7=11", "Credential Known resident | unlock")]
    // The controller was restarted: its counter went back.
    [InlineData("40000", 100, 2, "1=11 2=99", "Missed EdgeWasAway resident, Missed EdgeWasAway ?")]
    [InlineData("40000", 100, 0, "", "")]
    [InlineData("40000", 100, 6, "3=11 4=11 5=11 6=11", "Missed EdgeWasAway resident, Missed EdgeWasAway resident, Missed EdgeWasAway resident, Missed EdgeWasAway resident")]
    public void Ring_after_a_time(string taken, long quietMs, int sequence, string ring, string expected)
    {
        DoorAccess door = Door(taken.Length == 0 ? null : new DoorState(ushort.Parse(taken, System.Globalization.CultureInfo.InvariantCulture)), ringEntries: 4);
        if (taken.Length > 0)
        {
            // The edge ran and saw the counter as it stored it.
            ushort seen = ushort.Parse(taken, System.Globalization.CultureInfo.InvariantCulture);
            Assert.Empty(door.OnSwipes(seen, [], At(0)).Events);
        }

        AccessEffects effects = door.OnSwipes((ushort)sequence, Ring(ring), At(quietMs));
        Assert.Equal(expected, Tell(effects));
    }

    [Fact]
    public void Swipes_are_recorded_once()
    {
        DoorAccess door = Door(new DoorState(5));
        door.OnContact(5, At(0));
        Assert.Equal("Credential Known resident | unlock", Tell(door.OnSwipes(6, Ring("6=11"), At(100))));
        AccessEffects again = door.OnSwipes(6, Ring("6=11"), At(200));
        Assert.True(again.IsEmpty);
        Assert.Null(again.State);
    }

    [Fact]
    public void State_is_stored_with_the_events_and_continues_after_a_restart()
    {
        DoorAccess door = Door(new DoorState(5));
        door.OnContact(5, At(0));
        AccessEffects effects = door.OnSwipes(6, Ring("6=11"), At(100));
        Assert.True(DoorState.TryRead(effects.State!.Value.ToBytes(), out DoorState stored));
        DoorAccess restarted = Door(stored);
        Assert.Equal("Missed EdgeWasAway ?", Tell(restarted.OnSwipes(7, Ring("6=11 7=99"), At(200))));
    }

    [Fact]
    public void First_start_stores_the_counter_that_it_took_over()
    {
        AccessEffects effects = Door(null).OnSwipes(321, Ring("321=11"), At(0));
        Assert.Equal(new DoorState(321), effects.State);
        Assert.Empty(effects.Events);
    }

    [Fact]
    public void Good_polls_without_swipes_keep_contact()
    {
        DoorAccess door = Door(new DoorState(5));
        for (long ms = 0; ms <= 60_000; ms += 500)
        {
            door.OnContact(5, At(ms));
        }

        Assert.Equal("Credential Known resident | unlock", Tell(door.OnSwipes(6, Ring("6=11"), At(60_200))));
    }

    [Fact]
    public void Contact_that_returns_with_new_swipes_has_missed_them_even_if_the_ring_is_read_a_poll_later()
    {
        DoorAccess door = Door(new DoorState(5));
        door.OnContact(5, At(0));
        door.OnContact(6, At(60_000));
        Assert.Equal("Missed EdgeWasAway resident, Credential Known resident | unlock", Tell(door.OnSwipes(7, Ring("6=11 7=11"), At(60_500))));
    }

    [Fact]
    public void A_very_long_absence_is_bounded_and_says_how_many_it_left_out()
    {
        DoorAccess door = Door(new DoorState(0), ringEntries: 4);
        AccessEffects effects = door.OnSwipes(1000, Ring("997=11 998=11 999=11 1000=11"), At(0));
        Assert.Equal(68, effects.Events.Length);
        Assert.Equal(932, effects.Unrecorded);
        Assert.Equal(new DoorState(1000), effects.State);
        Assert.False(effects.Unlock);
    }

    [Fact]
    public void Unknown_card_leaves_a_fingerprint_and_never_its_number()
    {
        DoorAccess door = Door(new DoorState(5));
        door.OnContact(5, At(0));
        AccessEvent denied = Assert.Single(door.OnSwipes(6, [new(6, 4_012_345_678)], At(1)).Events);
        Assert.Equal(Fingerprint.Of(4_012_345_678), denied.Fingerprint);
        Assert.DoesNotContain("4012345678", denied.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_unlock_is_recorded_for_each_grant_that_hoped_for_it()
    {
        DoorAccess door = Door(new DoorState(5));
        door.OnContact(5, At(0));
        AccessEffects granted = door.OnSwipes(7, Ring("6=99 7=11"), At(100));
        AccessEvent failed = Assert.Single(door.OnUnlockFailed(granted, At(700)).Events);
        Assert.Equal((AccessDecision.Granted, AccessReason.UnlockFailed, "resident", 700L), (failed.Decision, failed.Reason, failed.Credential, failed.TimeMs));
        Assert.NotEqual(granted.Events[1].Id, failed.Id);
    }

    /// <summary>Openings and grants in time: <c>o</c> open, <c>c</c> closed, <c>g</c> a granted card, <c>d</c> a denied one, <c>t</c> only time.</summary>
    [Theory]
    [InlineData("0c 1000o", "1000 Forced")]
    [InlineData("0o 1000o", "")]
    [InlineData("0c 1000d 1500o", "1500 Forced")]
    [InlineData("0c 1000g 1500o 3000c", "")]
    [InlineData("0c 1000g 9000o", "")]
    [InlineData("0c 1000g 9001o", "9001 Forced")]
    [InlineData("0c 1000g 1500o 3000c 9500o", "9500 Forced")]
    [InlineData("0c 1000g 1500o 3000c 4000o 5000c", "")]
    [InlineData("0c 1000g 1500o 31499t 31500t 90000t", "31500 HeldOpen")]
    [InlineData("0c 1000g 1500o 31500t 40000c 41000g 41500o 71500t", "31500 HeldOpen, 71500 HeldOpen")]
    [InlineData("0c 1000g 1500o 31000c 31001g 31002o 61001t", "")]
    [InlineData("0o 30000o 30500o", "30000 HeldOpen")]
    [InlineData("0c 1000o 31000o", "1000 Forced, 31000 HeldOpen")]
    public void Openings_and_grants(string script, string expected)
    {
        DoorAccess door = Door(new DoorState(0));
        List<string> told = [];
        ushort swipes = 0;
        foreach (string token in script.Split(' '))
        {
            Moment now = At(long.Parse(token[..^1], System.Globalization.CultureInfo.InvariantCulture));
            door.OnContact(swipes, now);
            AccessEffects effects = token[^1] switch
            {
                'o' => door.OnOpen(true, now),
                'c' => door.OnOpen(false, now),
                't' => door.Tick(now),
                'g' => door.OnSwipes(++swipes, [new(swipes, Known)], now),
                _ => door.OnSwipes(++swipes, [new(swipes, Unknown)], now),
            };
            told.AddRange(effects.Events.Where(e => e.Kind != AccessEventKind.Credential).Select(e => $"{e.TimeMs} {e.Kind}"));
        }

        Assert.Equal(expected, string.Join(", ", told));
    }

    [Fact]
    public void The_opening_window_starts_anew_when_the_controller_confirms()
    {
        DoorAccess door = Door(new DoorState(5));
        door.OnOpen(false, At(0));
        door.OnContact(5, At(0));
        door.OnSwipes(6, Ring("6=11"), At(100));
        door.OnUnlocked(At(4000));
        Assert.Empty(door.OnOpen(true, At(11_000)).Events);
    }

    [Fact]
    public void Held_open_asks_to_be_woken()
    {
        DoorAccess door = Door(null);
        Assert.Null(door.NextWakeMs);
        door.OnOpen(true, At(500));
        Assert.Equal(30_500, door.NextWakeMs);
        Assert.Single(door.Tick(At(30_500)).Events);
        Assert.Null(door.NextWakeMs);
    }

    [Theory]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("020001")]
    [InlineData("01000100")]
    public void Stored_state_that_cannot_be_read_is_refused(string hex) =>
        Assert.False(DoorState.TryRead(Convert.FromHexString(hex), out _));

    private DoorAccess Door(DoorState? stored, int ringEntries = 8) => new(
        new() { Device = "door-1", RingEntries = ringEntries, HeldOpenMs = 30_000 },
        new([new("resident", Known, ["door-1"], null, null, false), new("blocked", 12, ["door-1"], null, null, true)]),
        Fingerprint,
        () => $"id-{++_ids}",
        stored);

    private static Moment At(long ms) => new(ms, ms, ClockTrusted: true);

    private static SwipeEntry[] Ring(string text) =>
    [
        .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Split('=')).Select(parts => new SwipeEntry(
            ushort.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture),
            ulong.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture))),
    ];

    private static string Tell(AccessEffects effects)
    {
        IEnumerable<string> events = effects.Events.Select(e => $"{e.Kind} {e.Reason} {e.Credential}{(e.Fingerprint.Length > 0 ? "?" : "")}".TrimEnd());
        return string.Join(", ", events) + (effects.Unlock ? " | unlock" : "");
    }
}
