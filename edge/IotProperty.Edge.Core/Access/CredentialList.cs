using System.Collections.Immutable;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Access;

/// <param name="Decision">Granted or denied.</param>
/// <param name="Reason">Why.</param>
/// <param name="Credential">The credential's id in the list; empty when the card is not in it.</param>
public readonly record struct AccessVerdict(AccessDecision Decision, AccessReason Reason, string Credential);

/// <summary>Who may pass which door when, as the edge holds it for itself. Immutable.</summary>
public sealed class CredentialList
{
    private readonly Dictionary<ulong, CredentialConfiguration[]> _credentialsOfCard;

    public CredentialList(IEnumerable<CredentialConfiguration> credentials)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        _credentialsOfCard = credentials.GroupBy(credential => credential.Card).ToDictionary(group => group.Key, group => group.ToArray());
    }

    public static CredentialList Empty { get; } = new(ImmutableArray<CredentialConfiguration>.Empty);

    /// <summary>
    /// Decides. Where a card stands in the list more than once, one entry that grants is enough; if none does, the entry that came nearest says why not.
    /// </summary>
    /// <param name="card">The card's number.</param>
    /// <param name="door">The door's or gate's device id.</param>
    /// <param name="utcMs">Now; milliseconds since the Unix epoch, UTC.</param>
    public AccessVerdict Decide(ulong card, string door, long utcMs)
    {
        if (!_credentialsOfCard.TryGetValue(card, out CredentialConfiguration[]? credentials))
        {
            return new(AccessDecision.Denied, AccessReason.UnknownCredential, "");
        }

        (AccessReason reason, CredentialConfiguration credential) = credentials
            .Select(candidate => (Reason: Judge(candidate, door, utcMs), candidate))
            .MaxBy(judged => Nearness(judged.Reason));
        return new(reason == AccessReason.Known ? AccessDecision.Granted : AccessDecision.Denied, reason, credential.Id);
    }

    private static AccessReason Judge(CredentialConfiguration credential, string door, long utcMs) => credential switch
    {
        { Blocked: true } => AccessReason.Blocked,
        _ when !credential.Doors.Contains(door) => AccessReason.WrongDoor,
        _ when utcMs < credential.FromMs => AccessReason.NotYetValid,
        _ when utcMs >= credential.ToMs => AccessReason.Expired,
        _ => AccessReason.Known,
    };

    private static int Nearness(AccessReason reason) => reason switch
    {
        AccessReason.Known => 4,
        AccessReason.Expired => 3,
        AccessReason.NotYetValid => 2,
        AccessReason.WrongDoor => 1,
        _ => 0,
    };
}
