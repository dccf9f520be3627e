namespace IotProperty.Protocols.MBus;

/// <summary>Which meter a request is for.</summary>
/// <param name="Address">The A field: 0 to 250, 254 for the only meter on the line, 255 for all and no answer; 253 with a secondary address.</param>
/// <param name="Secondary">The meter to select first; null where it has an address of its own.</param>
public readonly record struct MBusTarget(byte Address, MBusSecondaryAddress? Secondary)
{
    public static MBusTarget Primary(byte address)
    {
        if (address is > MBusLimits.MaxPrimaryAddress and < MBusLimits.SelectedAddress)
        {
            throw new ArgumentOutOfRangeException(nameof(address), address, "is reserved");
        }

        return new MBusTarget(address, null);
    }

    public static MBusTarget Selected(MBusSecondaryAddress meter) => new(MBusLimits.SelectedAddress, meter);
}

/// <summary>How a meter is read.</summary>
/// <param name="NormaliseFirst">Sends SND_NKE in front even when the link is in step; for meters that lose it.</param>
/// <param name="ApplicationReset">Sends an application reset in front; for meters that go on in the middle of their telegrams.</param>
/// <param name="MaxTelegrams">A meter that announces more telegrams than this is not asked for them. 1 to <see cref="MBusMasterSession.MostTelegrams"/>.</param>
public sealed record MBusReadout(
    bool NormaliseFirst = false,
    bool ApplicationReset = false,
    int MaxTelegrams = MBusMasterSession.MostTelegrams,
    MBusTextUnit TextUnit = MBusTextUnit.BeforeModifiers)
{
    public static MBusReadout Usual { get; } = new();
}
