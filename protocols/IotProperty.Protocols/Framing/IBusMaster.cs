namespace IotProperty.Protocols.Framing;

/// <summary>How an exchange on a bus stands.</summary>
public enum BusStatus : byte
{
    /// <summary>The answer has not arrived yet.</summary>
    NeedMore,

    /// <summary>The device answered a part; <see cref="IBusMaster.Outgoing"/> holds the request for the next one, to be sent after the protocol's pause.</summary>
    SendNext,

    /// <summary>The whole answer is there.</summary>
    Answered,

    /// <summary>The device refused; <see cref="IBusMaster.Why"/> says how.</summary>
    Refused,

    /// <summary>A whole, valid frame of the device that was asked, but no answer to what was asked.</summary>
    Mismatch,
}

/// <summary>
/// The master's side of a half-duplex bus, one exchange at a time, without IO. A session's own <c>Begin…</c> starts an exchange. Then its owner sends
/// <see cref="Outgoing"/> and, while <see cref="ExpectsReply"/>, receives into <see cref="Free"/>, tells <see cref="Received"/> and asks <see cref="Take"/>, until
/// that is something else than <see cref="BusStatus.NeedMore"/>. After a time-out the owner either sends the same <see cref="Outgoing"/> again, byte for
/// byte, or gives up with <see cref="Abandon"/>. Frames that answer nothing that waits are skipped and counted, and so is noise: a session never loses
/// step for longer than until the next whole frame. Owned by one task; bounded; never throws for bytes from outside.
/// </summary>
public interface IBusMaster
{
    /// <summary>The frame to send now, wake-up bytes included; stays the same until <see cref="Take"/> says <see cref="BusStatus.SendNext"/> or another exchange begins.</summary>
    ReadOnlyMemory<byte> Outgoing { get; }

    /// <summary>False for a broadcast: once it is sent (and the bus was left alone for <see cref="TurnaroundMs"/>) the exchange is over.</summary>
    bool ExpectsReply { get; }

    /// <summary>How long the devices need after a broadcast. Milliseconds; 0 where a reply is expected.</summary>
    int TurnaroundMs { get; }

    /// <summary>No answer to <see cref="Outgoing"/> is longer; with the line's speed this bounds how long one may take. Bytes.</summary>
    int MaxReplyBytes { get; }

    /// <summary>
    /// Whether <see cref="Outgoing"/> would pass for its own answer when it is heard as it was sent, as with a Modbus write of one coil, which is answered by its
    /// repetition. On an adapter that hears its own sending such an answer proves nothing.
    /// </summary>
    bool EchoPassesForAnswer => false;

    /// <summary>Where the next bytes may be received; never empty.</summary>
    Memory<byte> Free();

    /// <summary>States that <paramref name="count"/> bytes were placed at the start of <see cref="Free"/>.</summary>
    void Received(int count);

    /// <summary>Looks for the answer in what has arrived.</summary>
    /// <param name="silent">Whether the line has fallen silent behind what has arrived: then a frame that would need more is noise.</param>
    BusStatus Take(bool silent);

    /// <summary>
    /// Until when <see cref="Outgoing"/> must not be sent, because an answer to an abandoned exchange could still come and be taken for the answer to this one:
    /// until then the owner listens and lets <see cref="Discard"/> throw away what comes. On the clock of <see cref="Sent"/>; 0 where answers cannot be
    /// confused, because they name what they answer.
    /// </summary>
    long QuietUntilMs => 0;

    /// <summary>States that <see cref="Outgoing"/> goes out now, for the first time or once more.</summary>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <param name="lateUntilMs">Until then an answer to it may come.</param>
    void Sent(long nowMs, long lateUntilMs)
    {
    }

    /// <summary>Throws away what has arrived while nothing was asked, and counts it: frames as late or foreign, the rest as noise.</summary>
    /// <param name="silent">Whether the line has fallen silent behind what has arrived; if not, the beginning of a frame is kept.</param>
    void Discard(bool silent) => Reset();

    /// <summary>Gives up the exchange; an answer that still comes is discarded and counted. What a part of the answer brought stays readable until the next exchange.</summary>
    void Abandon();

    /// <summary>Forgets what has arrived: a new connection begins, or the line was drained.</summary>
    void Reset();

    /// <summary>For people: why the last answer was refused or a mismatch; empty otherwise.</summary>
    string Why { get; }

    /// <summary>Answers to exchanges that had been abandoned.</summary>
    long LateReplies { get; }

    /// <summary>Whole frames that nobody here had asked for: of another device, or answering another question.</summary>
    long ForeignReplies { get; }

    /// <summary>Bytes that belonged to no whole frame.</summary>
    long NoiseBytes { get; }
}
