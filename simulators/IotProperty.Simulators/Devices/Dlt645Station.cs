using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Simulators.Buses;

namespace IotProperty.Simulators.Devices;

/// <summary>
/// An electricity meter that speaks DL/T 645, of either edition. It answers its items alone and in the blocks of the standard, fills what it does not have with FF, and takes no
/// orders: a tenant's meter that anybody on the wire could switch would be no meter.
/// </summary>
public sealed class Dlt645Station : MeterStation, IDlt645MeterImage
{
    private readonly Dlt645Responder _responder;
    private readonly IReadOnlyList<(Dlt645Identifier Identifier, Dlt645Format Format, MeterItem Item)> _items;

    public Dlt645Station(SimulatedMeter meter, IServedItems ledger)
        : base(meter, Dlt645Dialect.Instance, ledger)
    {
        ArgumentNullException.ThrowIfNull(meter);
        Address = Dlt645MeterAddress.TryParse(meter.Address, out Dlt645MeterAddress address)
            ? address
            : throw new ArgumentException($"{meter.Id}: '{meter.Address}' is no address of DL/T 645", nameof(meter));
        Edition = meter.Protocol == MeterProtocol.Dlt645Y1997 ? Dlt645Edition.Y1997 : Dlt645Edition.Y2007;
        _items = [.. meter.Items.Select(Place)];
        _responder = new Dlt645Responder(this, maxDataBytes: meter.MaxReplyData ?? Dlt645Frame.MaxDataBytes);
    }

    public Dlt645MeterAddress Address { get; }

    public Dlt645Edition Edition { get; }

    public int Read(Dlt645Identifier identifier, Span<byte> value)
    {
        int bytes = 0;
        value.Fill(0xFF);
        foreach ((Dlt645Identifier own, Dlt645Format format, MeterItem item) in _items)
        {
            int at = own == identifier ? 0 : PlaceInBlock(own, identifier) * format.Bytes;
            if (at >= 0)
            {
                if (!Dlt645Bcd.TryWrite(value.Slice(at, format.Bytes), Show(item), format.Decimals, format.Signed))
                {
                    throw new InvalidOperationException($"{Meter.Id}: {item.Value()} has no room under {own}");
                }

                bytes = Math.Max(bytes, at + format.Bytes);
            }
        }

        return bytes;
    }

    public Dlt645Refusals Write(Dlt645Identifier identifier, Dlt645Authority authority, ReadOnlySpan<byte> value) => Dlt645Refusals.NotAuthorised;

    public bool Readdress(Dlt645MeterAddress address) => false;

    /// <summary>The building's meters show no clock.</summary>
    public void SetTime(DateTime localTime)
    {
    }

    public Dlt645Refusals Freeze(Dlt645FreezeTime time) => Dlt645Refusals.Other;

    public Dlt645Refusals ChangeBaud(int baud) => Dlt645Refusals.BaudFixed;

    public Dlt645Refusals ChangePassword(Dlt645Identifier? slot, Dlt645Authority old, Dlt645Authority replacement) => Dlt645Refusals.NotAuthorised;

    public Dlt645Refusals Clear(Dlt645Function what, Dlt645Authority authority, Dlt645Identifier? events) => Dlt645Refusals.NotAuthorised;

    public Dlt645Refusals Switch(Dlt645RelayOrder order, Dlt645Authority authority) => Dlt645Refusals.NotAuthorised;

    public override int Answer(ReadOnlySpan<byte> request, Span<byte> reply)
    {
        Forget();
        return Dlt645Frame.Scan(request, out Dlt645Frame frame, out _, out _) == ScanStatus.Done ? _responder.Answer(frame, reply) : 0;
    }

    /// <summary>A follow-up request that comes after the start of the device is answered from what was read before: no master notices.</summary>
    protected override void Reset()
    {
    }

    private static int PlaceInBlock(Dlt645Identifier own, Dlt645Identifier asked) =>
        Dlt645ItemTable.TryBlockOf(own, out Dlt645Identifier block, out int index) && block == asked ? index : -1;

    private (Dlt645Identifier Identifier, Dlt645Format Format, MeterItem Item) Place(MeterItem item) =>
        Dlt645Identifier.TryParse(item.Item, out Dlt645Identifier identifier) && Dlt645ItemTable.Find(identifier) is { IsBlock: false } known
            ? (identifier, known.Format, item)
            : throw new ArgumentException($"{Meter.Id}: DL/T 645 has no item {item.Item}");
}
