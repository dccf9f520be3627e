using IotProperty.Transports;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>The pulses of one input since the meter was put in: those of earlier runs and inputs, and those that come now. May be asked from any thread.</summary>
public sealed class PulseCounter(string key, long before)
{
    private readonly Lock _lock = new();
    private IDigitalInput? _input;
    private long _before = before;
    private long _durable = before;

    public string Key => key;

    /// <summary>All pulses, those that are not on disk yet included.</summary>
    public long Total
    {
        get
        {
            lock (_lock)
            {
                return _before + (_input?.Edges ?? 0);
            }
        }
    }

    /// <summary>
    /// What is on disk. Only this is told to anybody: a count that was told and then lost in a power cut would make the meter run backwards.
    /// </summary>
    public long Durable => Volatile.Read(ref _durable);

    /// <summary>Counts the edges of an input that was just taken.</summary>
    public void Attach(IDigitalInput input)
    {
        lock (_lock)
        {
            _input = input;
        }
    }

    /// <summary>Keeps what the input has counted; it may be given back then.</summary>
    public void Detach()
    {
        lock (_lock)
        {
            _before += _input?.Edges ?? 0;
            _input = null;
        }
    }

    public void Saved(long count) => Volatile.Write(ref _durable, count);
}
