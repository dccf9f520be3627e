namespace IotProperty.Simulators.Buses;

/// <summary>What a receiver reads from characters that were sent at another rate: it samples the wire's level in the middle of its own bit times.</summary>
public static class UartSampling
{
    private const int DataBits = 8;

    /// <summary>Reads characters of eight data bits without parity.</summary>
    /// <param name="sent">The characters, sent without a pause between them, with one stop bit.</param>
    /// <param name="sentBaud">The sender's rate.</param>
    /// <param name="readBaud">The receiver's rate.</param>
    public static byte[] Receive(ReadOnlySpan<byte> sent, int sentBaud, int readBaud)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sentBaud);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(readBaud);
        List<byte> read = [];
        double bit = (double)sentBaud / readBaud;
        int end = sent.Length * (DataBits + 2);
        for (double at = 0; at < end;)
        {
            if (Level(sent, (int)at))
            {
                at = Math.Floor(at) + 1;
                continue;
            }

            int value = 0;
            for (int i = 0; i < DataBits; i++)
            {
                value |= Level(sent, (int)(at + ((1.5 + i) * bit))) ? 1 << i : 0;
            }

            read.Add((byte)value);
            at += (DataBits + 1.5) * bit;
            while (at < end && !Level(sent, (int)at))
            {
                // A wire that is still low where the stop bit should be: no new character begins before it has been high.
                at = Math.Floor(at) + 1;
            }
        }

        return [.. read];
    }

    /// <summary>The wire's level in one of the sender's bit times: low start bit, data from the lowest bit on, high stop bit, high when idle.</summary>
    private static bool Level(ReadOnlySpan<byte> sent, int bitTime)
    {
        int character = bitTime / (DataBits + 2);
        int within = bitTime % (DataBits + 2);
        return character >= sent.Length || within switch
        {
            0 => false,
            DataBits + 1 => true,
            _ => ((sent[character] >> (within - 1)) & 1) == 1,
        };
    }
}
