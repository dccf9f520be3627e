using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IotProperty.Transports.Linux;

/// <summary><c>struct serial_rs485</c> (linux/serial.h): the driver switches the transmitter on for the time it sends.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Rs485Mode
{
    public const uint Enabled = 1 << 0;
    public const uint RtsOnSend = 1 << 1;
    public const uint RtsAfterSend = 1 << 2;

    public uint Flags;
    public uint DelayBeforeSendMs;
    public uint DelayAfterSendMs;
    public Reserved Rest;

    [InlineArray(5)]
    public struct Reserved
    {
        private uint _first;
    }
}
