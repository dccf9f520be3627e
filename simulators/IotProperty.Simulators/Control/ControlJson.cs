using System.Text.Json;
using System.Text.Json.Serialization;

namespace IotProperty.Simulators.Control;

/// <summary>How the control socket writes JSON: camelCase, kebab-case names of enumerations, nothing that is null.</summary>
public static class ControlJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };
}
