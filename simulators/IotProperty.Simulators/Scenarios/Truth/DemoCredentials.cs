using System.Globalization;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Scenarios.Truth;

/// <summary>Whose card is whose, as <c>deploy/demo/credentials.yaml</c> has it; a test holds both together.</summary>
public static class DemoCredentials
{
    /// <summary>The credential's id, or the empty text for a card that does not open this door.</summary>
    public static string IdOf(string card, string door)
    {
        uint number = uint.Parse(card, NumberStyles.None, CultureInfo.InvariantCulture);
        (uint first, string suffix) = door == "door-1" ? (AccessTraffic.FirstCard, "card") : (AccessTraffic.FirstTag, "car");
        return number >= first && number < first + Building.FlatCount ? $"flat-{number - first + 1}01-{suffix}" : "";
    }
}
