using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Framing;
using IotProperty.Simulators.Buses;

namespace IotProperty.Simulators.Devices;

/// <summary>A water, gas or heat meter that speaks CJ/T 188-2004. It answers its reading (901F) in the layout of its kind, with an unset clock, and takes no orders.</summary>
public sealed class Cjt188Station : MeterStation, ICjt188MeterImage
{
    private const int WakeUps = 4;
    private const string Prefix = "901F/";

    private readonly Cjt188Responder _responder;
    private readonly Cjt188Layout _layout;

    public Cjt188Station(SimulatedMeter meter, IServedItems ledger)
        : base(meter, Cjt188Dialect.Instance, ledger)
    {
        ArgumentNullException.ThrowIfNull(meter);
        Address = Cjt188AddressField.TryParse(meter.Address, out Cjt188AddressField address)
            ? address
            : throw new ArgumentException($"{meter.Id}: '{meter.Address}' is no address of CJ/T 188", nameof(meter));
        MeterType = meter.Kind switch
        {
            "water-meter" => Cjt188MeterType.ColdWater,
            "gas-meter" => Cjt188MeterType.Gas,
            "heat-meter" => Cjt188MeterType.Heat,
            _ => throw new ArgumentException($"{meter.Id}: CJ/T 188 has no {meter.Kind}", nameof(meter)),
        };
        _layout = MeterType == Cjt188MeterType.Heat ? Cjt188Layout.Heat : Cjt188Layout.Volume;
        _responder = new Cjt188Responder(this);
    }

    public byte MeterType { get; }

    public Cjt188AddressField Address { get; }

    public Cjt188Status Status => Cjt188Status.Of(Cjt188Valve.Open, batteryLow: false);

    public int Read(ushort identifier, Span<byte> payload)
    {
        if (identifier != Cjt188Identifier.Reading)
        {
            return -1;
        }

        payload[.._layout.PayloadBytes].Clear();
        foreach (Cjt188Field field in _layout.Fields)
        {
            MeterItem? item = Meter.Items.FirstOrDefault(i => i.Item == Prefix + field.Name);
            switch (field.Kind)
            {
                case Cjt188FieldKind.Quantity:
                    field.WriteQuantity(payload, item is null ? 0 : Show(item), UnitOf(field.Name));
                    break;
                case Cjt188FieldKind.Number:
                    field.WriteNumber(payload, item is null ? 0 : Show(item));
                    break;
                case Cjt188FieldKind.Status:
                    field.WriteStatus(payload, Status);
                    break;
                default:
                    // The clock stays zero: unset.
                    break;
            }
        }

        return _layout.PayloadBytes;
    }

    public bool Write(ushort identifier, ReadOnlySpan<byte> payload) => false;

    public override int Answer(ReadOnlySpan<byte> request, Span<byte> reply)
    {
        Forget();
        if (Cjt188Frame.Scan(request, out Cjt188Frame frame, out _, out _) != ScanStatus.Done)
        {
            return 0;
        }

        reply[..WakeUps].Fill(Cjt188Frame.WakeUp);
        int length = _responder.Answer(frame, reply[WakeUps..]);
        return length == 0 ? 0 : WakeUps + length;
    }

    /// <summary>CJ/T 188 knows no conversation: each request stands alone.</summary>
    protected override void Reset()
    {
    }

    private static byte UnitOf(string field) => field switch
    {
        "settlement_heat" or "current_heat" => Cjt188Unit.KilowattHourCode,
        "power" => Cjt188Unit.KilowattCode,
        "flow" => Cjt188Unit.CubicMetrePerHourCode,
        _ => Cjt188Unit.CubicMetreCode,
    };
}
