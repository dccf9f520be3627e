namespace IotProperty.Protocols.MBus;

/// <summary>A meter that a search has found.</summary>
/// <param name="PrimaryAddress">What it answers at besides.</param>
public readonly record struct MBusFoundMeter(MBusSecondaryAddress Address, byte PrimaryAddress);

/// <summary>How far a search may go.</summary>
/// <param name="Within">Only meters that match; <see cref="MBusSecondaryAddress.Any"/> for all.</param>
/// <param name="Manufacturers">Makers to try when two meters have the same digits, beside those that were found; a line rarely knows more.</param>
/// <param name="MaxRequests">A bound for a line that answers with noise to everything.</param>
public sealed record MBusSearchLimits(MBusSecondaryAddress Within, IReadOnlyList<ushort> Manufacturers, int MaxRequests = 20_000)
{
    public static MBusSearchLimits Whole { get; } = new(MBusSecondaryAddress.Any, []);
}
