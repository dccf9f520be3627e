using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Points;

/// <summary>
/// What is known of one point, and what of it the hub was told. Every poll's outcome goes through one of the three steps; each answers whether the hub
/// shall hear of it. One owner; a mutable struct in the owner's array, so that thousands of points cost no objects.
/// </summary>
public struct PointState
{
    private double _sentValue;
    private Quality _sentQuality;
    private long _sentMs;
    private long _valueMs;
    private bool _known;
    private bool _sent;

    public PointState()
    {
        Value = double.NaN;
    }

    /// <summary>The last value that the device said; NaN before the first.</summary>
    public double Value { get; private set; }

    /// <summary>How far <see cref="Value"/> may be trusted now.</summary>
    public Quality Quality { get; private set; }

    /// <summary>The device said a value. True when the change passes the deadband, the quality changed, or the point was silent for long enough.</summary>
    public bool Answered(PointDefinition point, long nowMs, PointValue said)
    {
        Value = said.Value;
        Quality = said.Quality;
        _valueMs = nowMs;
        _known = true;
        return Passes(point, nowMs);
    }

    /// <summary>The device did not answer, or with an error; the last value stays, and no longer looks fresh.</summary>
    public bool Failed(PointDefinition point, long nowMs)
    {
        Quality = Quality.CommFail;
        _known = true;
        return Passes(point, nowMs);
    }

    /// <summary>
    /// Time passed without any word of the point. True when it has become stale just now, or when its silence is due to be told again; see <see cref="NextMs"/>.
    /// </summary>
    public bool Waited(PointDefinition point, long nowMs, int pollMs)
    {
        if (!_known || nowMs < NextMs(point, pollMs))
        {
            return false;
        }

        if (Quality is Quality.Good or Quality.OutOfRange)
        {
            Quality = Quality.Stale;
        }

        return Passes(point, nowMs);
    }

    /// <summary>What the hub was told may be gone: the next outcome is told whatever it is, and a silence at once.</summary>
    public void Retell() => _sent = false;

    /// <summary>When <see cref="Waited"/> will next have something to say; <see cref="long.MaxValue"/> before the first poll.</summary>
    /// <param name="point">The point.</param>
    /// <param name="pollMs">A point is given two poll periods before it counts as stale, however short its maximum silence is.</param>
    public readonly long NextMs(PointDefinition point, int pollMs)
    {
        if (!_known)
        {
            return long.MaxValue;
        }

        return Quality is Quality.Good or Quality.OutOfRange
            ? _valueMs + Math.Max(point.MaxSilenceMs, 2L * pollMs)
            : _sent ? _sentMs + point.MaxSilenceMs : long.MinValue;
    }

    private bool Passes(PointDefinition point, long nowMs)
    {
        bool passes = !_sent
            || Quality != _sentQuality
            || nowMs - _sentMs >= point.MaxSilenceMs
            || Moved(_sentValue, Value, point.Deadband);
        if (passes)
        {
            _sent = true;
            _sentValue = Value;
            _sentQuality = Quality;
            _sentMs = nowMs;
        }

        return passes;
    }

    /// <summary>Written so that NaN counts as a value of its own: to NaN and from NaN is a move, from NaN to NaN is none.</summary>
    private static bool Moved(double from, double to, double deadband)
    {
        if (double.IsFinite(from) && double.IsFinite(to))
        {
            return Math.Abs(to - from) > deadband;
        }

        return !from.Equals(to);
    }
}
