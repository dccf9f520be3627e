using System.Globalization;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;

namespace IotProperty.Edge.Commands.Scanning;

/// <summary>Finds M-Bus meters by their secondary addresses, then sweeps the primary ones for meters that know no others.</summary>
internal sealed class MBusSearch : ILineSearch
{
    private const int AcknowledgeRoom = 4;

    /// <summary>What part of the work the secondary search is, for the progress: the sweep takes a request an address.</summary>
    private const double SecondaryShare = 0.5;

    private readonly MBusSecondarySearch _secondary = new(MBusSearchLimits.Whole);
    private readonly byte[] _request = new byte[MBusLimits.MaxFrameBytes];
    private readonly List<FoundUnit> _found = [];
    private readonly List<string> _unresolved = [];
    private readonly int _from;
    private readonly int _to;
    private int _requestBytes;
    private int _reported;
    private int _unit;
    private bool _reading;
    private bool _isOver;

    /// <param name="from">The first primary address of the sweep, 0 to 250.</param>
    public MBusSearch(int from, int to)
    {
        (_from, _to) = (from, to);
        _unit = from - 1;
    }

    public ReadOnlyMemory<byte> Outgoing => _secondary.IsOver ? _request.AsMemory(0, _requestBytes) : _secondary.Outgoing;

    public int MaxReplyBytes => _secondary.IsOver ? (_reading ? MBusLimits.MaxFrameBytes : AcknowledgeRoom) : _secondary.MaxReplyBytes;

    public bool IsOver => _isOver;

    public double Progress => !_secondary.IsOver
        ? SecondaryShare * _secondary.Progress
        : SecondaryShare + ((1 - SecondaryShare) * (_isOver ? 1 : (double)(_unit - _from) / (_to - _from + 1)));

    public string Asking => _secondary.IsOver ? string.Create(CultureInfo.InvariantCulture, $"unit {_unit}") : $"address {_secondary.Selection.IdText}";

    public IReadOnlyList<FoundUnit> Found => _found;

    public IReadOnlyList<string> Unresolved => _unresolved;

    public void Heard(ReadOnlySpan<byte> bytes)
    {
        if (!_secondary.IsOver)
        {
            _secondary.Heard(bytes);
            TakeSecondary();
        }
        else if (_reading)
        {
            TakeReadout(bytes);
            NextUnit();
        }
        else if (bytes.Trim((byte)0).IndexOf(MBusFrame.AcknowledgeByte) >= 0)
        {
            _reading = true;
            _requestBytes = MBusFrameWriter.Short(_request, MBusControl.With(MBusControl.RequestData, countBit: true), (byte)_unit);
        }
        else
        {
            if (bytes.ContainsAnyExcept((byte)0))
            {
                Disturbed();
            }

            NextUnit();
        }
    }

    private void TakeSecondary()
    {
        for (; _reported < _secondary.Found.Count; _reported++)
        {
            MBusFoundMeter meter = _secondary.Found[_reported];
            _found.Add(new FoundUnit("mbus", "address", AddressOf(meter.Address), [("primary", Text(meter.PrimaryAddress)), .. Details(meter.Address)]));
        }

        if (!_secondary.IsOver)
        {
            return;
        }

        _unresolved.AddRange(_secondary.Unresolved.Select(selection => $"address {selection.IdText}: meters answer that cannot be told apart; connect one at a time and give it an address"));
        if (_secondary.IsCutShort)
        {
            _unresolved.Add("the line answers noise to every selection; the search by secondary addresses was given up");
        }

        NextUnit();
    }

    private void TakeReadout(ReadOnlySpan<byte> bytes)
    {
        while (MBusFrame.Seek(bytes, silent: true, out int start, out MBusFrame frame) == ScanStatus.Done)
        {
            bytes = bytes[(start + frame.Length)..];
            if (frame.Kind == MBusFrameKind.Long && !MBusControl.IsFromMaster(frame.Control) && frame.Address == _unit)
            {
                MBusTelegram.Read(frame, MBusTextUnit.BeforeModifiers, out MBusTelegram telegram, out _);
                bool known = telegram.Meter is { } meter && _secondary.Found.Any(found => found.Address.Id == meter.Id && found.PrimaryAddress == _unit);
                if (!known)
                {
                    _found.Add(new FoundUnit("mbus", "unit", Text(_unit), telegram.Meter is { } address ? [("id", address.IdText), .. Details(address)] : []));
                }

                return;
            }
        }

        Disturbed();
    }

    private void Disturbed() => _unresolved.Add($"unit {Text(_unit)}: something answered, but no sound frame; several meters have this number, or --baud is not theirs");

    private void NextUnit()
    {
        _reading = false;
        _isOver = ++_unit > _to;
        _requestBytes = _isOver ? 0 : MBusFrameWriter.Short(_request, MBusControl.Normalise, (byte)_unit);
    }

    /// <summary>As a site file takes it: with maker, version and medium where the meter has told them.</summary>
    private static string AddressOf(MBusSecondaryAddress meter) => meter.IsExact ? meter.ToString() : meter.IdText;

    private static (string Name, string Value)[] Details(MBusSecondaryAddress meter) => meter.Manufacturer == MBusManufacturer.Any
        ? [("medium", Text(meter.Medium))]
        : [("manufacturer", MBusManufacturer.Text(meter.Manufacturer)), ("version", Text(meter.Version)), ("medium", Text(meter.Medium))];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
