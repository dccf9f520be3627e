using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Modbus;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>
/// The box's own inputs as a line: contacts, pulse meters and analogue channels. Pulses are counted from <see cref="Open"/> on, whether or not anybody asks. An
/// input that fails leaves the others alone. Owned by one task, as every driver.
/// </summary>
public sealed class OnboardDriver : ILineDriver, ILineObservable
{
    /// <summary>The name of the pulse counts in the data folder.</summary>
    public const string CountsFile = "pulses.dat";

    internal static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);
    private static readonly DriverReply NoWrites = new(DriverOutcome.DeviceException, ModbusExceptionCode.None, "the inputs of the box cannot be written");

    private readonly LineCounters _counters = new();
    private readonly TimeProvider _time;
    private readonly PulseCounters _pulses;
    private readonly List<OnboardInput> _inputs = [];

    /// <summary>For each device its points, in the profile's order.</summary>
    private readonly Dictionary<string, OnboardPoint[]> _points = [];

    /// <summary>What a read brought so far; a span does not outlive an await.</summary>
    private ItemValue[] _read = [];

    private OnboardDriver(PulseCounters pulses, TimeProvider time) => (_pulses, _time) = (pulses, time);

    /// <summary>Takes the inputs of a line's devices. One that is not there is no error; it is tried again.</summary>
    /// <param name="dataFolder">Where pulse counts are kept.</param>
    /// <param name="jitter">Seeded by the host; used by this line alone.</param>
    /// <exception cref="InvalidDataException">The pulse counts are damaged, or an input is written in two ways; the message says what to do.</exception>
    /// <exception cref="IOException">The pulse counts cannot be opened.</exception>
    public static OnboardDriver Open(
        IEnumerable<DeviceConfiguration> devices, string dataFolder, IOnboardHardware hardware, TimeProvider time, Random jitter, ILogger<OnboardDriver> logger)
    {
        ArgumentNullException.ThrowIfNull(devices);
        DeviceConfiguration[] all = [.. devices];
        PulseCounters pulses = new(PulseCountFile.Open(Path.Combine(dataFolder, CountsFile)), time, logger);
        OnboardDriver driver = new(pulses, time);
        try
        {
            OnboardWiring wiring = new(all, hardware, pulses, time, jitter, logger);
            foreach (DeviceConfiguration device in all)
            {
                driver._points.Add(device.Id, [.. device.Profile.Points.Select(point => wiring.Connect(device, point))]);
            }

            driver._inputs.AddRange(wiring.Inputs);
        }
        catch
        {
            // Nothing was counted yet, so nothing has to be saved.
            pulses.DisposeAsync().AsTask().Wait();
            throw;
        }

        driver._counters.Connected();
        driver._inputs.ForEach(input => input.Open());
        return driver;
    }

    public LineSnapshot Snapshot() => _counters.Snapshot();

    /// <inheritdoc/>
    public (long Late, long Foreign) Discarded => _counters.DiscardedSoFar;

    /// <inheritdoc/>
    public async ValueTask<DriverReply> ReadAsync(DeviceConfiguration device, ReadBlock block, BlockValues values, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(values);
        long started = _time.GetTimestamp();
        OnboardPoint[] points = _points[device.Id];
        if (_read.Length < block.Points.Length)
        {
            _read = new ItemValue[block.Points.Length];
        }

        bool any = false;
        string why = "";
        foreach (PlannedPoint planned in block.Points)
        {
            OnboardPoint point = points[planned.Index];
            ItemValue value = await point.ReadAsync(cancellationToken).ConfigureAwait(false);
            _read[planned.Offset] = value;
            any |= value.State != ItemState.Missing;
            why = value.State == ItemState.Missing && why.Length == 0 ? point.Why : why;
        }

        _read.AsSpan(0, block.Points.Length).CopyTo(values.ClearItems(block.Points.Length));
        if (!any)
        {
            // The device does not answer; the line, which is the box, is up all the same, and its other devices are asked.
            _counters.Ended(DriverOutcome.TimedOut);
            return new DriverReply(DriverOutcome.TimedOut, ModbusExceptionCode.None, why);
        }

        _counters.Answered(DriverOutcome.Ok, _time.GetElapsedTime(started));
        return DriverReply.Ok;
    }

    /// <inheritdoc/>
    public ValueTask<DriverReply> WriteCoilAsync(DeviceConfiguration device, ushort address, bool value, CancellationToken cancellationToken) => new(NoWrites);

    /// <inheritdoc/>
    public ValueTask<DriverReply> WriteRegistersAsync(DeviceConfiguration device, ushort address, ReadOnlyMemory<ushort> values, CancellationToken cancellationToken) =>
        new(NoWrites);

    /// <summary>Saves the counts and gives the inputs back.</summary>
    public async ValueTask DisposeAsync()
    {
        _inputs.ForEach(input => input.Dispose());
        await _pulses.DisposeAsync().ConfigureAwait(false);
    }
}
