using IotProperty.Edge.Lines;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Access;

/// <summary>
/// Runs the site's doors and gates. Line tasks hand in contacts and swipes; each door has a task of its own, so that one that waits for its controller
/// does not keep people waiting elsewhere. Order at a door: decide, store on disk, unlock.
/// </summary>
public sealed class AccessService : BackgroundService, IAccessSink, IPointSink
{
    private readonly Dictionary<string, DoorTask> _doors;
    private readonly Dictionary<PointRef, DoorTask> _sequencePoints = [];
    private readonly Dictionary<PointRef, DoorTask> _openPoints = [];

    public AccessService(
        SiteConfiguration site,
        CardFingerprint fingerprint,
        IOutbox outbox,
        IEdgeStateStore states,
        ILineWriter writer,
        EdgeClock clock,
        ILogger<AccessService> logger)
    {
        ArgumentNullException.ThrowIfNull(site);
        CredentialList credentials = new(site.Credentials);
        _doors = site.Devices
            .Where(device => device.Profile.Access is not null)
            .ToDictionary(device => device.Id, device => new DoorTask(device, credentials, fingerprint, outbox, states, writer, clock, logger));
        foreach (DeviceConfiguration device in site.Devices)
        {
            if (device.Profile.Access is { } access)
            {
                _sequencePoints[new(device.Id, access.SwipeSequence)] = _doors[device.Id];
                if (access.Open is { } open)
                {
                    _openPoints[new(device.Id, open)] = _doors[device.Id];
                }
            }
        }
    }

    public AccessCounters Counters
    {
        get
        {
            AccessCounters sum = default;
            foreach (DoorTask door in _doors.Values)
            {
                AccessCounters one = door.Counters;
                sum = new(
                    sum.Granted + one.Granted,
                    sum.Denied + one.Denied,
                    sum.UnlockFailed + one.UnlockFailed,
                    sum.Missed + one.Missed,
                    sum.DoorEvents + one.DoorEvents,
                    Math.Max(sum.SlowestUnlockMs, one.SlowestUnlockMs));
            }

            return sum;
        }
    }

    /// <inheritdoc/>
    public void OnSamples(ReadOnlySpan<PointSample> samples)
    {
        foreach (PointSample sample in samples)
        {
            // What is not good says nothing: the door stays as it was seen last, and the missing contact is noticed by the time that passes.
            if (sample.Quality != Quality.Good)
            {
                continue;
            }

            if (_sequencePoints.TryGetValue(sample.Point, out DoorTask? door) && sample.Value is >= 0 and <= ushort.MaxValue)
            {
                door.Post(DoorMessage.Contact((ushort)sample.Value, sample.At));
            }
            else if (_openPoints.TryGetValue(sample.Point, out door))
            {
                door.Post(DoorMessage.DoorOpen(sample.Value != 0, sample.At));
            }
        }
    }

    /// <inheritdoc/>
    public void OnSwipes(string device, ushort sequence, ReadOnlySpan<SwipeEntry> entries, Moment now)
    {
        if (!_doors.TryGetValue(device, out DoorTask? door))
        {
            throw new ArgumentException($"{device} is no door or gate of this site", nameof(device));
        }

        door.Post(DoorMessage.Swipes(sequence, entries.ToArray(), now));
    }

    /// <summary>Unlocks a door or gate because the hub ordered it. Completes with the controller's answer, or with the reason why it was not asked.</summary>
    /// <param name="device">One with an access part in its profile.</param>
    /// <param name="command">The command's id.</param>
    /// <param name="deadlineMs">From then on it is not begun any more, on <see cref="Moment.MonotonicMs"/>.</param>
    /// <param name="now">When the command was taken.</param>
    public Task<OrderEnd> UnlockAsync(string device, string command, long deadlineMs, Moment now) =>
        _doors.TryGetValue(device, out DoorTask? door)
            ? door.UnlockAsync(new DoorOrder(command, deadlineMs), now)
            : throw new ArgumentException($"{device} is no door or gate of this site", nameof(device));

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_doors.Values.Select(door => door.RunAsync(stoppingToken)));
}

/// <summary>For health and metrics; counts since the start.</summary>
/// <param name="SlowestUnlockMs">The longest time from the card's arrival at the edge to the controller's confirmation.</param>
public readonly record struct AccessCounters(long Granted, long Denied, long UnlockFailed, long Missed, long DoorEvents, long SlowestUnlockMs);
