namespace IotProperty.Protocols.Dlt645;

/// <summary>When a meter is to freeze its values: MM DD hh mm, 99 meaning "each" from the left (DL/T 645-2007, §7.9).</summary>
/// <param name="Month">1 to 12, or 99.</param>
/// <param name="Day">1 to 31, or 99.</param>
/// <param name="Hour">0 to 23, or 99.</param>
/// <param name="Minute">0 to 59, or 99 for at once.</param>
public readonly record struct Dlt645FreezeTime(int Month, int Day, int Hour, int Minute)
{
    public const int Bytes = 4;

    /// <summary>Stands for "each" in a field.</summary>
    public const int Each = 99;

    public static Dlt645FreezeTime AtOnce { get; } = new(Each, Each, Each, Each);

    public static Dlt645FreezeTime Hourly(int minute) => new(Each, Each, Each, minute);

    public static Dlt645FreezeTime Daily(int hour, int minute) => new(Each, Each, hour, minute);

    public static Dlt645FreezeTime Monthly(int day, int hour, int minute) => new(Each, day, hour, minute);

    /// <summary>instant, hourly, daily, monthly or yearly.</summary>
    public string Kind => this switch
    {
        { Minute: Each } => "instant",
        { Month: Each, Day: Each, Hour: Each } => "hourly",
        { Month: Each, Day: Each } => "daily",
        { Month: Each } => "monthly",
        _ => "yearly",
    };

    /// <summary>Four bytes mm hh DD MM; false where a digit is hexadecimal.</summary>
    public static bool TryRead(ReadOnlySpan<byte> wire, out Dlt645FreezeTime time)
    {
        bool right = Dlt645Bcd.TryPair(wire[0], out int minute) & Dlt645Bcd.TryPair(wire[1], out int hour)
            & Dlt645Bcd.TryPair(wire[2], out int day) & Dlt645Bcd.TryPair(wire[3], out int month);
        time = new(month, day, hour, minute);
        return right;
    }

    public void Write(Span<byte> wire)
    {
        wire[0] = Dlt645Bcd.FromNumber(Minute);
        wire[1] = Dlt645Bcd.FromNumber(Hour);
        wire[2] = Dlt645Bcd.FromNumber(Day);
        wire[3] = Dlt645Bcd.FromNumber(Month);
    }
}
