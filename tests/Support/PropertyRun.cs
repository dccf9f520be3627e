using FsCheck;

namespace IotProperty.Tests;

/// <summary>How properties are tried: from a new seed at every run by hand, which finds more with time, and from a fixed one under CI, which judges a change and nothing else.</summary>
public static class PropertyRun
{
    public static Config Config { get; } = Peers.Required ? Config.QuickThrowOnFailure.WithReplay(20_261_122, 7) : Config.QuickThrowOnFailure;
}
