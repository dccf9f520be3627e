namespace IotProperty.Protocols.Dlt645;

/// <summary>What a meter is made of, seen by the responder. Called for sound requests only, one at a time.</summary>
public interface IDlt645MeterImage
{
    Dlt645MeterAddress Address { get; }

    Dlt645Edition Edition { get; }

    /// <summary>Writes the bytes that stand under an identifier, in the order of the wire, and returns how many; 0 where there are none.</summary>
    /// <param name="value">Room for <see cref="Dlt645Responder.MaxValueBytes"/>.</param>
    int Read(Dlt645Identifier identifier, Span<byte> value);

    /// <summary>Takes over a value, or says why not. Checks the password itself.</summary>
    Dlt645Refusals Write(Dlt645Identifier identifier, Dlt645Authority authority, ReadOnlySpan<byte> value);

    /// <summary>Whether the meter takes another address now (most want a key to be held).</summary>
    bool Readdress(Dlt645MeterAddress address);

    /// <summary>Broadcast time has come; a meter may ignore it.</summary>
    void SetTime(DateTime localTime);

    Dlt645Refusals Freeze(Dlt645FreezeTime time);

    /// <summary>Takes effect after the answer.</summary>
    Dlt645Refusals ChangeBaud(int baud);

    /// <param name="slot">Null in the older edition, whose passwords are told apart by level.</param>
    Dlt645Refusals ChangePassword(Dlt645Identifier? slot, Dlt645Authority old, Dlt645Authority replacement);

    /// <param name="what">ClearDemand, ClearMeter or ClearEvents.</param>
    /// <param name="events">Which events; null for the other two.</param>
    Dlt645Refusals Clear(Dlt645Function what, Dlt645Authority authority, Dlt645Identifier? events);

    Dlt645Refusals Switch(Dlt645RelayOrder order, Dlt645Authority authority);
}
