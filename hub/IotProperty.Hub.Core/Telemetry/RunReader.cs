namespace IotProperty.Hub.Telemetry;

/// <summary>Reads what <see cref="RunWriter"/> wrote. Every method answers false instead of reading past the end.</summary>
internal ref struct RunReader(ReadOnlySpan<byte> source)
{
    public ReadOnlySpan<byte> Rest { get; private set; } = source;

    public bool TryByte(out byte value)
    {
        value = 0;
        if (Rest.IsEmpty)
        {
            return false;
        }

        value = Rest[0];
        Rest = Rest[1..];
        return true;
    }

    public bool TryBytes(int length, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (Rest.Length < length)
        {
            return false;
        }

        value = Rest[..length];
        Rest = Rest[length..];
        return true;
    }

    public bool TryVarint(out ulong value)
    {
        value = 0;
        for (int i = 0; i < Rest.Length && i < 10; i++)
        {
            byte part = Rest[i];

            // The tenth byte has room for one bit only.
            if (i == 9 && part > 1)
            {
                return false;
            }

            value |= (ulong)(part & 0x7F) << (7 * i);
            if (part < 0x80)
            {
                Rest = Rest[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    public bool TryZigzag(out long value)
    {
        bool read = TryVarint(out ulong raw);
        value = unchecked((long)(raw >> 1) ^ -(long)(raw & 1));
        return read;
    }
}
