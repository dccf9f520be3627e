namespace IotProperty.Protocols.MBus;

/// <summary>
/// What a master knows of its link to each address (EN 13757-2, §5.7): which frame count bit comes next, and by which telegram a meter began its last answer, so
/// that an old one sent once more is noticed.
/// </summary>
internal sealed class MBusLinks
{
    private const int Addresses = 256;

    private readonly Link[] _links = new Link[Addresses];

    /// <summary>Whether the meter is known to expect <see cref="CountBit"/> next; false before the first exchange and after one that failed.</summary>
    public bool IsInStep(byte address) => _links[address].InStep;

    public bool CountBit(byte address) => _links[address].CountBit;

    /// <summary>The meter has answered a request that counts.</summary>
    public void Toggle(byte address) => _links[address].CountBit = !_links[address].CountBit;

    /// <summary>The meter has acknowledged SND_NKE or a selection: the next request carries a set bit.</summary>
    public void Begin(byte address)
    {
        ref Link link = ref _links[address];
        (link.InStep, link.CountBit) = (true, true);
    }

    /// <summary>Nobody knows any more what the meter expects.</summary>
    public void Lose(byte address) => _links[address].InStep = false;

    /// <summary>Another meter may have the address now.</summary>
    public void Forget(byte address) => _links[address] = default;

    /// <summary>
    /// Whether this is the first telegram of the last readout once more: the meter has taken our request for a repetition. A meter that never counts its
    /// access number is found out by its sending the same right after it was normalised.
    /// </summary>
    /// <param name="frame">The telegram's frame.</param>
    /// <param name="normalised">Whether the readout began with SND_NKE.</param>
    public bool IsOldAgain(byte address, byte accessNumber, ReadOnlySpan<byte> frame, bool normalised)
    {
        ref Link link = ref _links[address];

        // Access number, checksum and length, with a bit that tells it from none.
        int signature = (1 << 24) | (accessNumber << 16) | (frame[^2] << 8) | (frame.Length & 0xFF);
        bool same = link.Signature == signature;
        link.Signature = signature;
        link.NeverCounts |= same && normalised;
        return same && !normalised && !link.NeverCounts;
    }

    private struct Link
    {
        public bool InStep;

        public bool CountBit;

        /// <summary>Of the first telegram of the last readout; 0 before it.</summary>
        public int Signature;

        /// <summary>The meter's access number stands still.</summary>
        public bool NeverCounts;
    }
}
