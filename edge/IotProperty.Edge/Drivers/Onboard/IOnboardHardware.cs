using IotProperty.Transports;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>Where the box's inputs come from; a test's come from a folder and from its own hand.</summary>
public interface IOnboardHardware
{
    /// <exception cref="ChannelBrokenException">The input is not there or taken.</exception>
    IDigitalInput OpenDigital(string chip, int line, GpioLineSettings settings);

    /// <exception cref="ChannelBrokenException">The channel is not there.</exception>
    IioChannel OpenAnalogue(string device, string channel);
}

/// <summary>The inputs that Linux offers.</summary>
public sealed class KernelHardware : IOnboardHardware
{
    public IDigitalInput OpenDigital(string chip, int line, GpioLineSettings settings)
    {
        // The chip may be closed again: the line that was taken stays taken.
        using GpioChip opened = GpioChip.Open(chip);
        return opened.Request(line, settings);
    }

    public IioChannel OpenAnalogue(string device, string channel) => IioChannel.Open(IioChannel.DevicesFolder, device, channel);
}
