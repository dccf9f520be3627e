using System.Text.Json;

namespace IotProperty.Hub;

/// <summary>Values of enumerations as programs read them: in the API, in addresses, exports and metrics, and as keys of texts.</summary>
public static class EnumName
{
    /// <summary><c>value-in-kebab-case</c>, as the API writes it.</summary>
    public static string Kebab<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
