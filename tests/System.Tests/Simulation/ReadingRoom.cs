using IotProperty.Edge.Polling;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

/// <summary>What the reading service does: brings readings to disk, and tries again when the disk refuses.</summary>
internal sealed class ReadingRoom(EdgeRun run)
{
    private const int FirstPauseMs = 100;
    private const int LongestPauseMs = 10_000;
    private readonly List<MeterReading> _waiting = [];

    // The store moves the second of two readings on one millisecond; the books know each by its time, so it is moved before they hear of it.
    private readonly ReadingStamps _stamps = new();
    private bool _isStoring;

    public bool IsBusy => _isStoring || _waiting.Count > 0;

    public void OnReading(MeterReading reading)
    {
        _waiting.Add(reading);
        GoOn();
    }

    private void GoOn()
    {
        if (_isStoring || _waiting.Count == 0)
        {
            return;
        }

        _isStoring = true;
        Batch batch = _stamps.Place(new Batch { Key = default, Readings = [.. _waiting] });
        _waiting.Clear();
        Store(batch, FirstPauseMs);
    }

    private void Store(Batch batch, int pauseMs) => run.Store.Send(new StoreRequest.Add(Lane.Reading, [batch], []), stored =>
    {
        if (stored)
        {
            _isStoring = false;
            GoOn();
        }
        else
        {
            run.In(pauseMs, () => Store(batch, Math.Min(LongestPauseMs, pauseMs * 2)));
        }
    });
}
