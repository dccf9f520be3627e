using IotProperty.Edge.Drivers.Onboard;
using IotProperty.Transports;

namespace IotProperty.Edge.Tests.Drivers.Onboard;

/// <summary>Contacts that a test closes by hand, and analogue channels in a folder that looks like the kernel's.</summary>
internal sealed class FakeHardware(string iioFolder) : IOnboardHardware
{
    private readonly Dictionary<string, FakeContact> _contacts = [];

    /// <summary>Chips that cannot be opened just now.</summary>
    public HashSet<string> Gone { get; } = [];

    public List<(string Contact, GpioLineSettings Settings)> Taken { get; } = [];

    /// <summary>The contact as it is held now.</summary>
    public FakeContact this[string key] => _contacts[key];

    public IDigitalInput OpenDigital(string chip, int line, GpioLineSettings settings)
    {
        string key = $"{chip}/{line}";
        if (Gone.Contains(chip))
        {
            throw new ChannelBrokenException($"{key}: there is no such chip");
        }

        Taken.Add((key, settings));
        return _contacts[key] = new FakeContact(key);
    }

    public IioChannel OpenAnalogue(string device, string channel) => IioChannel.Open(iioFolder, device, channel);
}

internal sealed class FakeContact(string key) : IDigitalInput
{
    private long _edges;

    public bool Active { get; set; }

    public bool Held { get; private set; } = true;

    public long Edges => Interlocked.Read(ref _edges);

    public long LostEvents { get; set; }

    public string? Broken { get; set; }

    public void Pulse(int times) => Interlocked.Add(ref _edges, times);

    public bool IsActive() => Broken is null ? Active : throw new ChannelBrokenException($"{key}: {Broken}");

    public void Dispose() => Held = false;
}
