namespace IotProperty.Protocols.Dlt645;

/// <summary>What the relay is to do: N1 of function 1C (supplement of DL/T 645-2007 for smart meters).</summary>
public enum Dlt645RelayAction : byte
{
    /// <summary>Open: the customer is cut off.</summary>
    Trip = 0x1A,

    /// <summary>The customer may close by the meter's key.</summary>
    PermitClose = 0x1B,

    /// <summary>Close at once.</summary>
    Close = 0x1C,

    Alarm = 0x2A,

    CancelAlarm = 0x2B,

    /// <summary>Keep the power on whatever else is ordered.</summary>
    KeepPower = 0x3A,

    CancelKeepPower = 0x3B,
}

/// <summary>An order to the relay.</summary>
/// <param name="ValidUntil">The meter's local time after which it refuses the order, so that a frame that was kept back cannot switch later.</param>
public readonly record struct Dlt645RelayOrder(Dlt645RelayAction Action, DateTime ValidUntil)
{
    /// <summary>N1, N2 = 00, ss mm hh DD MM YY.</summary>
    public const int Bytes = 8;

    private const int UntilAt = 2;

    /// <summary>Reads N1, N2 and the time; false for an action or a time that does not exist.</summary>
    public static bool TryRead(ReadOnlySpan<byte> wire, out Dlt645RelayOrder order)
    {
        order = default;
        if (wire.Length < Bytes || !Enum.IsDefined((Dlt645RelayAction)wire[0]) || !Dlt645Clock.TryRead(wire[UntilAt..], out DateTime until))
        {
            return false;
        }

        order = new((Dlt645RelayAction)wire[0], until);
        return true;
    }

    public void Write(Span<byte> wire)
    {
        wire[0] = (byte)Action;
        wire[1] = 0;
        Dlt645Clock.Write(wire[UntilAt..], ValidUntil);
    }
}
