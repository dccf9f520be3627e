using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Transports;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>A point of a profile, tied to the input that it is read from.</summary>
internal abstract class OnboardPoint
{
    /// <summary>Why the point has no value, for people.</summary>
    public abstract string Why { get; }

    public abstract ValueTask<ItemValue> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>The state of a contact.</summary>
internal sealed class StatePoint(ContactInput input) : OnboardPoint
{
    public override string Why => input.Why;

    public override ValueTask<ItemValue> ReadAsync(CancellationToken cancellationToken) => new(input.ReadState());
}

/// <summary>The pulses of a meter: what of them is on disk.</summary>
internal sealed class CountPoint(ContactInput input, PulseCounter counter, PulseCounters counters) : OnboardPoint
{
    private bool _saved = true;

    public override string Why => _saved ? input.Why : $"{input.Name}: the count cannot be saved";

    public override async ValueTask<ItemValue> ReadAsync(CancellationToken cancellationToken)
    {
        if (!input.Counts())
        {
            return default;
        }

        _saved = await counters.SaveAsync().ConfigureAwait(false);
        return _saved ? new ItemValue(ItemState.Value, counter.Durable) : default;
    }
}

/// <summary>An analogue channel, in the profile's unit; of a current loop only while it measures.</summary>
internal sealed class AnaloguePoint(AnalogueInput input, AnalogueItem item, PointDefinition point, bool isLoop, ILogger logger) : OnboardPoint
{
    private readonly UnitConversion _conversion = UnitConversion.TryFind(item.Unit, point.Unit, out UnitConversion found, out _) ? found : UnitConversion.None;
    private LoopState _state = LoopState.Measuring;

    public override string Why => IsUnjudged ? $"{input.Name}: the profile says currentLoop, and its voltage needs /shunt=OHMS behind the channel" : input.Why;

    /// <summary>A loop that shows as a voltage says nothing as long as its resistor is not known.</summary>
    private bool IsUnjudged => isLoop && item.Unit == "mV";

    public override async ValueTask<ItemValue> ReadAsync(CancellationToken cancellationToken)
    {
        if (IsUnjudged || await input.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } value)
        {
            return default;
        }

        if (isLoop && item.Unit == "mA" && !Measures(value))
        {
            return new ItemValue(ItemState.NotAvailable, 0);
        }

        return new ItemValue(ItemState.Value, _conversion.Apply(value));
    }

    private bool Measures(decimal milliamperes)
    {
        LoopState before = _state;
        _state = CurrentLoop.Judge(milliamperes);
        if (_state != before)
        {
            if (_state == LoopState.Measuring)
            {
                OnboardLog.LoopMeasures(logger, input.Name);
            }
            else
            {
                OnboardLog.LoopFailed(logger, input.Name, decimal.Round(milliamperes, 2), _state == LoopState.WireBreak ? "broken wire" : "over range");
            }
        }

        return _state == LoopState.Measuring;
    }
}
