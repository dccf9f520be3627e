using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Alarms;

/// <summary>
/// An open occurrence as it is kept on the edge's disk, so that a restart continues it: it is neither raised twice nor forgotten. There is none while the rule
/// is normal. Delays that were running are not kept; they start anew with the first good value.
/// </summary>
public sealed record AlarmRuleState
{
    /// <summary>The layout below; a reader refuses what it does not know.</summary>
    public int Version { get; init; } = 1;

    public required string Rule { get; init; }

    public required string Device { get; init; }

    public required string Point { get; init; }

    /// <summary>What the rule demanded when it was raised; see <see cref="FingerprintOf"/>.</summary>
    public required string Fingerprint { get; init; }

    public required string Occurrence { get; init; }

    /// <summary>The ordinal of the occurrence's next transition.</summary>
    public required int NextOrdinal { get; init; }

    public required AlarmLevel Level { get; init; }

    public required bool WarningEntered { get; init; }

    public required bool AlarmEntered { get; init; }

    public required bool Stale { get; init; }

    /// <summary>The rule's demands in one line. Its names for people are not part of it: renaming a rule does not end an occurrence.</summary>
    public static string FingerprintOf(AlarmRuleConfiguration rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{rule.Point};{rule.Direction};{rule.Warning:R};{rule.Alarm:R};{rule.Hysteresis:R};{rule.OnDelayMs};{rule.OffDelayMs};{rule.StaleAfterMs};{rule.StaleLevel}");
    }

    /// <summary>JSON in UTF-8.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, AlarmRuleStateJson.Default.AlarmRuleState);

    /// <param name="why">What is wrong, when false is returned.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out AlarmRuleState? state, out string why)
    {
        state = null;
        why = "";
        try
        {
            state = JsonSerializer.Deserialize(bytes, AlarmRuleStateJson.Default.AlarmRuleState);
        }
        catch (JsonException e)
        {
            why = e.Message;
            return false;
        }

        if (state is not { Version: 1, NextOrdinal: > 0, Level: AlarmLevel.Warning or AlarmLevel.Alarm })
        {
            why = state is { Version: not 1 } ? $"version {state.Version} is not known" : "it describes no open occurrence";
            state = null;
            return false;
        }

        return true;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AlarmRuleState))]
internal sealed partial class AlarmRuleStateJson : JsonSerializerContext;
