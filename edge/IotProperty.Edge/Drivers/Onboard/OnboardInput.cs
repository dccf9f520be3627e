using System.Globalization;
using IotProperty.Edge.Polling;
using IotProperty.Transports;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>
/// One input of the box: taken when it is needed, and taken anew with growing pauses after it has failed. Logs when it fails and when it is back. Owned by
/// the line's task.
/// </summary>
internal abstract class OnboardInput(string name, GrowingPause pause, TimeProvider time, ILogger logger) : IDisposable
{
    private bool _open;
    private bool _everFailed;
    private bool _failed;
    private long _failedAt;
    private TimeSpan _pause;

    /// <summary>For people, such as <c>gpiochip0/17</c>.</summary>
    public string Name => name;

    /// <summary>Why it cannot be read, for people; empty while it can.</summary>
    public string Why { get; private set; } = "";

    protected ILogger Logger => logger;

    /// <summary>Takes the input, unless it is taken or has failed too short a while ago. False when it cannot be read now.</summary>
    public bool Open()
    {
        if (_open || (_failed && time.GetElapsedTime(_failedAt) < _pause))
        {
            return _open;
        }

        try
        {
            Take();
            _open = true;
        }
        catch (ChannelBrokenException error)
        {
            Fail(error.Message);
        }

        return _open;
    }

    public void Dispose()
    {
        if (_open)
        {
            _open = false;
            GiveBack();
        }
    }

    /// <exception cref="ChannelBrokenException">It is not there.</exception>
    protected abstract void Take();

    protected abstract void GiveBack();

    protected void Fail(string why)
    {
        Why = why;
        Dispose();
        _failed = true;
        _failedAt = time.GetTimestamp();
        _pause = pause.Next();
        if (!_everFailed)
        {
            _everFailed = true;
            OnboardLog.InputDown(logger, name, why);
        }
    }

    /// <summary>It was read: the next failure is a new one.</summary>
    protected void Succeed()
    {
        if (_failed)
        {
            (_failed, _everFailed, Why) = (false, false, "");
            pause.Reset();
            OnboardLog.InputUp(logger, name);
        }
    }
}

/// <summary>A line of a GPIO chip: its state and, with a counter, its pulses.</summary>
internal sealed class ContactInput(
    ContactItem item, GpioLineSettings settings, PulseCounter? counter, IOnboardHardware hardware, GrowingPause pause, TimeProvider time, ILogger logger)
    : OnboardInput(item.Key, pause, time, logger)
{
    private IDigitalInput? _input;
    private long _lost;

    /// <summary>Whether the contact is active; missing when it cannot be read.</summary>
    public ItemValue ReadState()
    {
        if (!Open())
        {
            return default;
        }

        try
        {
            bool active = _input!.IsActive();
            Succeed();
            return new ItemValue(ItemState.Value, active ? 1 : 0);
        }
        catch (ChannelBrokenException error)
        {
            Fail(error.Message);
            return default;
        }
    }

    /// <summary>Whether pulses are being counted.</summary>
    public bool Counts()
    {
        if (!Open())
        {
            return false;
        }

        if (_input!.Broken is { } broken)
        {
            Fail(broken);
            return false;
        }

        Succeed();
        if (_input.LostEvents is var lost && lost != _lost)
        {
            OnboardLog.EventsLost(Logger, Name, lost - _lost);
            _lost = lost;
        }

        return true;
    }

    protected override void Take()
    {
        _input = hardware.OpenDigital(item.Chip, item.Line, settings);
        _lost = 0;
        counter?.Attach(_input);
    }

    protected override void GiveBack()
    {
        // In this order, so that no pulse falls between the two.
        _input!.Dispose();
        counter?.Detach();
    }
}

/// <summary>A channel of an IIO device.</summary>
internal sealed class AnalogueInput(AnalogueItem item, IOnboardHardware hardware, GrowingPause pause, TimeProvider time, ILogger logger)
    : OnboardInput(string.Create(CultureInfo.InvariantCulture, $"{item.Device}/{item.Channel}"), pause, time, logger)
{
    private IioChannel? _channel;

    /// <summary>The value in the item's unit; null when it cannot be read.</summary>
    public async ValueTask<decimal?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!Open())
        {
            return null;
        }

        try
        {
            decimal value = await _channel!.ReadAsync(cancellationToken).ConfigureAwait(false);
            Succeed();
            return value / (item.ShuntOhms ?? 1m);
        }
        catch (ChannelBrokenException error)
        {
            Fail(error.Message);
            return null;
        }
    }

    protected override void Take() => _channel = hardware.OpenAnalogue(item.Device, item.Channel);

    protected override void GiveBack() => _channel!.Dispose();
}
