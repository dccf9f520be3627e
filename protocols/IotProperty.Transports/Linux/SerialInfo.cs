using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IotProperty.Transports.Linux;

/// <summary><c>struct serial_struct</c> (linux/serial.h), of which only the flags matter here; the rest goes back as it came.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SerialInfo
{
    /// <summary>ASYNC_LOW_LATENCY: bytes are handed on when they come, not when a timer says so (1 ms instead of 16 with the usual USB adapters).</summary>
    public const int LowLatency = 1 << 13;

    public int Type;
    public int Line;
    public uint Port;
    public int Interrupt;
    public int Flags;
    public Reserved Rest;

    [InlineArray(52)]
    public struct Reserved
    {
        private byte _first;
    }
}
