namespace IotProperty.Protocols.MBus;

/// <summary>Writes the frames of EN 13757-2, §5.5. Every method returns the frame's length in bytes.</summary>
public static class MBusFrameWriter
{
    public static int Acknowledge(Span<byte> frame)
    {
        frame[0] = MBusFrame.AcknowledgeByte;
        return 1;
    }

    /// <param name="frame">Room for 5 bytes.</param>
    public static int Short(Span<byte> frame, byte control, byte address)
    {
        frame[0] = MBusFrame.ShortStart;
        frame[1] = control;
        frame[2] = address;
        frame[3] = MBusFrame.Checksum(frame.Slice(1, 2));
        frame[4] = MBusFrame.Stop;
        return MBusFrame.ShortBytes;
    }

    /// <param name="frame">Room for 9 bytes and the data.</param>
    /// <param name="data">At most 252 bytes; must not overlap the frame.</param>
    public static int Long(Span<byte> frame, byte control, byte address, byte controlInformation, ReadOnlySpan<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(data.Length, MBusLimits.MaxDataBytes);
        data.CopyTo(frame[MBusFrame.DataOffset..]);
        return Seal(frame, control, address, controlInformation, data.Length);
    }

    /// <summary>Writes head and tail around data that already lies at <see cref="MBusFrame.DataOffset"/>.</summary>
    public static int Seal(Span<byte> frame, byte control, byte address, byte controlInformation, int dataBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dataBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dataBytes, MBusLimits.MaxDataBytes);
        byte counted = (byte)(MBusFrame.MinCounted + dataBytes);
        frame[0] = MBusFrame.LongStart;
        frame[1] = counted;
        frame[2] = counted;
        frame[3] = MBusFrame.LongStart;
        frame[4] = control;
        frame[5] = address;
        frame[6] = controlInformation;
        int checksumAt = MBusFrame.HeadBytes + counted;
        frame[checksumAt] = MBusFrame.Checksum(frame.Slice(MBusFrame.HeadBytes, counted));
        frame[checksumAt + 1] = MBusFrame.Stop;
        return counted + MBusFrame.LongEnvelope;
    }
}
