namespace IotProperty.Protocols.Modbus;

/// <summary>The CRC-16 of Modbus RTU: polynomial A001 reflected, preset FFFF, sent low byte first (MODBUS over Serial Line V1.02, §6.2.2).</summary>
public static class ModbusCrc
{
    public const int Bytes = 2;

    private static readonly ushort[] Table = BuildTable();

    public static ushort Compute(ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            ushort crc = 0xFFFF;
            foreach (byte b in bytes)
            {
                crc = (ushort)((crc >> 8) ^ Table[(byte)(crc ^ b)]);
            }

            return crc;
        }
    }

    private static ushort[] BuildTable()
    {
        ushort[] table = new ushort[256];
        for (int i = 0; i < table.Length; i++)
        {
            int crc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
            }

            table[i] = (ushort)crc;
        }

        return table;
    }
}
