using IotProperty.Edge.Profiles;
using IotProperty.Transports;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>Ties points to inputs; points that name the same input share it, because a line of a chip can be taken once only.</summary>
internal sealed class OnboardWiring
{
    private readonly IOnboardHardware _hardware;
    private readonly PulseCounters _pulses;
    private readonly TimeProvider _time;
    private readonly Random _jitter;
    private readonly ILogger _logger;
    private readonly Dictionary<string, ContactItem[]> _contactItems;
    private readonly Dictionary<string, ContactInput> _contacts = [];
    private readonly Dictionary<AnalogueItem, AnalogueInput> _channels = [];

    public OnboardWiring(
        IReadOnlyList<DeviceConfiguration> devices, IOnboardHardware hardware, PulseCounters pulses, TimeProvider time, Random jitter, ILogger logger)
    {
        (_hardware, _pulses, _time, _jitter, _logger) = (hardware, pulses, time, jitter, logger);
        _contactItems = devices
            .SelectMany(device => device.Profile.Points)
            .Select(ItemOf)
            .OfType<ContactItem>()
            .GroupBy(item => item.Key)
            .ToDictionary(same => same.Key, same => same.ToArray());
    }

    public IEnumerable<OnboardInput> Inputs => [.. _contacts.Values, .. _channels.Values];

    public OnboardPoint Connect(DeviceConfiguration device, PointDefinition point) => ItemOf(point) switch
    {
        ContactItem { Counts: true } item => new CountPoint(Contact(item), _pulses.For(item.Key), _pulses),
        ContactItem item => new StatePoint(Contact(item)),
        AnalogueItem item => new AnaloguePoint(Channel(item), item, point, device.Profile.Quirks.CurrentLoop, _logger),
        _ => throw new InvalidOperationException($"point '{point.Id}' is no input of the box"),
    };

    /// <summary>Misuse for what the reader of profiles would have refused.</summary>
    private static OnboardItem ItemOf(PointDefinition point) =>
        OnboardItem.Parse((point.Place as ItemPlace)?.Item ?? "", out OnboardMistake mistake)
        ?? throw new InvalidOperationException($"point '{point.Id}' {mistake.What}");

    private ContactInput Contact(ContactItem item)
    {
        if (!_contacts.TryGetValue(item.Key, out ContactInput? input))
        {
            ContactItem[] same = _contactItems[item.Key];
            bool counts = same.Any(i => i.Counts);
            input = new ContactInput(item, Join(item.Key, same), counts ? _pulses.For(item.Key) : null, _hardware, NewPause(), _time, _logger);
            _contacts.Add(item.Key, input);
        }

        return input;
    }

    private AnalogueInput Channel(AnalogueItem item)
    {
        if (!_channels.TryGetValue(item, out AnalogueInput? input))
        {
            input = new AnalogueInput(item, _hardware, NewPause(), _time, _logger);
            _channels.Add(item, input);
        }

        return input;
    }

    /// <summary>The state and the count of one contact agree on how it is wired; only the count asks for edges.</summary>
    private static GpioLineSettings Join(string key, ContactItem[] same)
    {
        GpioLineSettings[] wirings = [.. same.Select(i => i.Settings with { Edges = GpioEdges.None }).Distinct()];
        GpioEdges[] edges = [.. same.Where(i => i.Counts).Select(i => i.Settings.Edges).Distinct()];
        if (wirings.Length > 1 || edges.Length > 1)
        {
            throw new InvalidDataException($"input {key} is written in several points with different options; write the same ones everywhere");
        }

        return wirings[0] with { Edges = edges.Length == 0 ? GpioEdges.None : edges[0] };
    }

    private GrowingPause NewPause() => new(OnboardDriver.FirstPause, OnboardDriver.LongestPause, _jitter);
}
