namespace IotProperty.Transports;

/// <summary>How the driver of a serial port switches the transmitter of a two-wire line (RS-485), by its RTS line.</summary>
/// <param name="RtsOnSend">The level of RTS while sending: true for high; the other level rests.</param>
/// <param name="DelayBeforeMs">From switching on to the first bit. Milliseconds, 0 to 100, the kernel's limit.</param>
/// <param name="DelayAfterMs">From the last bit to switching off. Milliseconds, 0 to 100, the kernel's limit.</param>
public sealed record Rs485Settings(bool RtsOnSend = true, int DelayBeforeMs = 0, int DelayAfterMs = 0)
{
    public const int LongestDelayMs = 100;
}
