using IotProperty.Edge.Outbox;

namespace IotProperty.Edge.Uplink;

/// <summary>The uplink at one moment, for <c>/metrics</c> and health; counters count since the start of the edge.</summary>
/// <param name="Connected">Whether there is a connection on which batches are published.</param>
/// <param name="LastReason">Why the last connection, or the last try to connect, failed; for people; empty when none has.</param>
/// <param name="Connections">Connections that were opened; all but the first are reconnects.</param>
/// <param name="FailedConnects">Tries to connect that failed.</param>
/// <param name="Published">Batches whose publish was acknowledged (which says nothing of the hub's disk).</param>
/// <param name="PublishesRejected">Publishes that the peer answered with a reason code of failure.</param>
/// <param name="Committed">Receipts that said committed, repeats included.</param>
/// <param name="Refused">Receipts that said refused.</param>
/// <param name="MalformedMessages">Messages from the hub that could not be read.</param>
/// <param name="Outbox">What waits.</param>
public sealed record UplinkSnapshot(
    bool Connected,
    string LastReason,
    long Connections,
    long FailedConnects,
    long Published,
    long PublishesRejected,
    long Committed,
    long Refused,
    long MalformedMessages,
    OutboxSnapshot Outbox);
