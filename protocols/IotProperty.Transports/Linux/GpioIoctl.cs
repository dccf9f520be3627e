using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IotProperty.Transports.Linux;

/// <summary>Requests, flags and structures of GPIO character devices, version 2 (linux/gpio.h); the same on x64 and arm64.</summary>
internal static class GpioIoctl
{
    /// <summary>GPIO_GET_CHIPINFO_IOCTL: _IOR(0xB4, 0x01, struct gpiochip_info).</summary>
    public const nuint GetChip = 0x8044B401;

    /// <summary>GPIO_V2_GET_LINEINFO_IOCTL: _IOWR(0xB4, 0x05, struct gpio_v2_line_info).</summary>
    public const nuint GetLineInfo = 0xC100B405;

    /// <summary>GPIO_V2_GET_LINE_IOCTL: _IOWR(0xB4, 0x07, struct gpio_v2_line_request).</summary>
    public const nuint GetLine = 0xC250B407;

    /// <summary>GPIO_V2_LINE_GET_VALUES_IOCTL: _IOWR(0xB4, 0x0E, struct gpio_v2_line_values).</summary>
    public const nuint GetValues = 0xC010B40E;

    public const ulong ActiveLow = 1 << 1;
    public const ulong Input = 1 << 2;
    public const ulong EdgeRising = 1 << 4;
    public const ulong EdgeFalling = 1 << 5;
    public const ulong BiasPullUp = 1 << 8;
    public const ulong BiasPullDown = 1 << 9;
    public const ulong BiasDisabled = 1 << 10;

    /// <summary>GPIO_V2_LINE_ATTR_ID_DEBOUNCE.</summary>
    public const uint DebounceAttribute = 3;

    /// <summary>GPIO_MAX_NAME_SIZE, the closing zero included.</summary>
    public const int NameBytes = 32;
}

[InlineArray(GpioIoctl.NameBytes)]
internal struct GpioName
{
    private byte _first;
}

/// <summary><c>struct gpiochip_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GpioChipInfo
{
    public GpioName Name;
    public GpioName Label;
    public uint Lines;
}

/// <summary><c>struct gpio_v2_line_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GpioLineInfo
{
    public GpioName Name;
    public GpioName Consumer;
    public uint Offset;
    public uint AttributeCount;
    public ulong Flags;
    public Attributes Rest;

    /// <summary>Ten attributes of 16 bytes, then <c>padding[4]</c>.</summary>
    [InlineArray(22)]
    public struct Attributes
    {
        private ulong _first;
    }
}

/// <summary><c>struct gpio_v2_line_config_attribute</c> with a debounce period in it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GpioConfigAttribute
{
    public uint Id;
    public uint Reserved;

    /// <summary>The low half of a union of 64 bits.</summary>
    public uint DebounceUs;
    public uint ReservedHigh;
    public ulong Mask;
}

/// <summary><c>struct gpio_v2_line_config</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GpioLineConfig
{
    public ulong Flags;
    public uint AttributeCount;
    public Reserved Padding;
    public List Attributes;

    [InlineArray(5)]
    public struct Reserved
    {
        private uint _first;
    }

    [InlineArray(10)]
    public struct List
    {
        private GpioConfigAttribute _first;
    }
}

/// <summary><c>struct gpio_v2_line_request</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GpioRequest
{
    public OffsetList Offsets;
    public GpioName Consumer;
    public GpioLineConfig Config;
    public uint LineCount;
    public uint EventBufferSize;
    public GpioLineConfig.Reserved Padding;
    public int Descriptor;

    [InlineArray(64)]
    public struct OffsetList
    {
        private uint _first;
    }
}

/// <summary><c>struct gpio_v2_line_values</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GpioValues
{
    public ulong Bits;
    public ulong Mask;
}

/// <summary><c>struct gpio_v2_line_event</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GpioEvent
{
    public ulong TimestampNs;
    public uint Id;
    public uint Offset;

    /// <summary>Counts the events of the request, from 1 on.</summary>
    public uint Sequence;

    /// <summary>Counts the events of the line, from 1 on; those that found no room in the kernel's buffer included.</summary>
    public uint LineSequence;
    public Reserved Padding;

    [InlineArray(6)]
    public struct Reserved
    {
        private uint _first;
    }
}
