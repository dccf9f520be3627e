namespace IotProperty.Protocols.Dlt645;

/// <summary>The baud rate's word: one bit a rate (DL/T 645-2007, appendix C).</summary>
public static class Dlt645BaudRate
{
    // Bits 1 to 6.
    private static readonly int[] Rates = [600, 1_200, 2_400, 4_800, 9_600, 19_200];

    /// <summary>0 where not exactly one known bit is set.</summary>
    public static int Read(byte word)
    {
        for (int i = 0; i < Rates.Length; i++)
        {
            if (word == 1 << (i + 1))
            {
                return Rates[i];
            }
        }

        return 0;
    }

    /// <summary>Throws for a rate that the standard does not have.</summary>
    public static byte Write(int baud)
    {
        int at = Array.IndexOf(Rates, baud);
        return at >= 0 ? (byte)(1 << (at + 1)) : throw new ArgumentOutOfRangeException(nameof(baud), baud, "600, 1200, 2400, 4800, 9600 or 19200");
    }
}
