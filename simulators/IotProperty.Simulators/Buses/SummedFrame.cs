namespace IotProperty.Simulators.Buses;

/// <summary>What the meter protocols' frames have in common: their checksum is a plain sum in the last byte but one.</summary>
internal static class SummedFrame
{
    /// <summary>Changes the lowest decimal digit of an address and the sum with it.</summary>
    public static void Readdress(Span<byte> frame, int addressAt)
    {
        int digit = frame[addressAt] & 0x0F;
        int other = digit >= 9 ? 0 : digit + 1;
        frame[addressAt] = unchecked((byte)(frame[addressAt] - digit + other));
        frame[^2] = unchecked((byte)(frame[^2] - digit + other));
    }

    /// <summary>How many bytes FE stand in front.</summary>
    public static int WakeUpBytes(ReadOnlySpan<byte> frame) => Math.Max(0, frame.IndexOfAnyExcept((byte)0xFE));
}
