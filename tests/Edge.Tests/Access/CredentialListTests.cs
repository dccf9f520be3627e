using IotProperty.Edge.Access;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Access;

public class CredentialListTests
{
    private static readonly CredentialList List = new(
    [
        new("always", 1, ["door-1", "gate-1"], null, null, false),
        new("dated", 2, ["door-1"], 1000, 2000, false),
        new("blocked", 3, ["door-1"], null, null, true),
        new("twice-past", 4, ["door-1"], null, 1000, false),
        new("twice-now", 4, ["door-1"], 1000, 2000, false),
        new("elsewhere", 5, ["door-2"], null, null, false),
        new("expired", 5, ["door-1"], null, 1000, false),
        new("blocked-here", 6, ["door-1"], null, null, true),
        new("later", 6, ["door-1"], 5000, null, false),
        new("nowhere", 7, [], null, null, false),
    ]);

    [Theory]
    [InlineData(1, "door-1", 0, AccessReason.Known, "always")]
    [InlineData(1, "gate-1", long.MaxValue, AccessReason.Known, "always")]
    [InlineData(1, "door-2", 0, AccessReason.WrongDoor, "always")]
    [InlineData(99, "door-1", 0, AccessReason.UnknownCredential, "")]
    [InlineData(0, "door-1", 0, AccessReason.UnknownCredential, "")]
    [InlineData(2, "door-1", 999, AccessReason.NotYetValid, "dated")]
    [InlineData(2, "door-1", 1000, AccessReason.Known, "dated")]
    [InlineData(2, "door-1", 1999, AccessReason.Known, "dated")]
    [InlineData(2, "door-1", 2000, AccessReason.Expired, "dated")]
    [InlineData(2, "door-2", 1500, AccessReason.WrongDoor, "dated")]
    [InlineData(3, "door-1", 0, AccessReason.Blocked, "blocked")]
    [InlineData(3, "door-2", 0, AccessReason.Blocked, "blocked")]
    [InlineData(4, "door-1", 1500, AccessReason.Known, "twice-now")]
    [InlineData(4, "door-1", 2500, AccessReason.Expired, "twice-past")]
    [InlineData(5, "door-1", 1500, AccessReason.Expired, "expired")]
    [InlineData(6, "door-1", 0, AccessReason.NotYetValid, "later")]
    [InlineData(7, "door-1", 0, AccessReason.WrongDoor, "nowhere")]
    public void Card_at_a_door_at_a_time(ulong card, string door, long utcMs, AccessReason reason, string credential)
    {
        AccessDecision decision = reason == AccessReason.Known ? AccessDecision.Granted : AccessDecision.Denied;
        Assert.Equal(new AccessVerdict(decision, reason, credential), List.Decide(card, door, utcMs));
    }

    [Fact]
    public void An_empty_list_knows_nobody() =>
        Assert.Equal(AccessReason.UnknownCredential, CredentialList.Empty.Decide(1, "door-1", 0).Reason);
}
