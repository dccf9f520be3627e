using IotProperty.Edge.Access;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Points;

/// <summary>Turns the registers of a swipe ring into entries.</summary>
public static class SwipeRingDecoder
{
    /// <summary>The used entries in the order in which they lie in the controller; a slot with card 0 was never used and is left out.</summary>
    public static SwipeEntry[] Decode(SwipeRing ring, ReadOnlySpan<ushort> registers)
    {
        ArgumentNullException.ThrowIfNull(ring);
        List<SwipeEntry> entries = new(ring.Entries);
        for (int i = 0; i < ring.Entries; i++)
        {
            ReadOnlySpan<ushort> slot = registers.Slice(i * ring.EntryWidth, ring.EntryWidth);
            ulong card = ((ulong)slot[1] << 16) | slot[2];
            if (card != 0)
            {
                entries.Add(new SwipeEntry(slot[0], card));
            }
        }

        return [.. entries];
    }
}
