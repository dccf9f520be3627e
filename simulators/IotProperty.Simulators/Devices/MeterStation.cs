using IotProperty.Simulators.Buses;

namespace IotProperty.Simulators.Devices;

/// <summary>A meter on a serial line. What an answer shows stands in the ledger once the answer went out whole.</summary>
public abstract class MeterStation(SimulatedMeter meter, IBusDialect dialect, IServedItems ledger) : BusStation(meter.Id, dialect, meter.Wire)
{
    private readonly Dictionary<string, decimal> _values = [];

    protected SimulatedMeter Meter => meter;

    /// <summary>The station that speaks the meter's protocol; the meter takes <paramref name="responseDelay"/> to answer.</summary>
    public static MeterStation Of(SimulatedMeter meter, IServedItems ledger, TimeSpan responseDelay)
    {
        ArgumentNullException.ThrowIfNull(meter);
        return meter.Protocol switch
        {
            MeterProtocol.Dlt645Y2007 or MeterProtocol.Dlt645Y1997 => new Dlt645Station(meter, ledger) { ResponseDelay = responseDelay },
            MeterProtocol.Cjt188 => new Cjt188Station(meter, ledger) { ResponseDelay = responseDelay },
            MeterProtocol.MBus => new MBusStation(meter, ledger) { ResponseDelay = responseDelay },
            _ => throw new ArgumentOutOfRangeException(nameof(meter), meter.Protocol, "no station speaks this protocol"),
        };
    }

    public override void Shown()
    {
        if (_values.Count > 0)
        {
            ledger.Served(meter, new Dictionary<string, decimal>(_values));
        }
    }

    /// <summary>The next reply shows nothing but what <see cref="Show"/> is told from here on.</summary>
    protected void Forget() => _values.Clear();

    /// <summary>The item's value now, which the reply will show.</summary>
    protected decimal Show(MeterItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        decimal value = item.Value();
        _values[item.Name] = value;
        return value;
    }
}
