using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace IotProperty.Hub.Api.Json;

/// <summary>
/// How the hub's records look in JSON: camelCase; words of enumerations in lower case joined by '-'; decimals as strings, exact; a time
/// <c>xxxMs</c> (milliseconds since the Unix epoch) as <c>xxx</c> in RFC 3339, UTC; a value that is not a number as null. Unknown members and nulls
/// where none may be are refused with the member's place.
/// </summary>
public static class ApiJson
{
    /// <summary>For what is written outside of a request.</summary>
    public static JsonSerializerOptions Create()
    {
        JsonSerializerOptions options = new(JsonSerializerDefaults.Web);
        Configure(options);
        return options;
    }

    public static void Configure(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.RespectNullableAnnotations = true;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
        options.Converters.Add(new ExactDecimalConverter());
        options.Converters.Add(new MeasuredValueConverter());
        options.Converters.Add(new LocalTextConverter());
        options.TypeInfoResolverChain.Insert(0, new DefaultJsonTypeInfoResolver { Modifiers = { TellTimesAsText, RefuseNullsInLists } });
    }

    private static void TellTimesAsText(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object || type.Type.Namespace?.StartsWith("IotProperty", StringComparison.Ordinal) != true)
        {
            return;
        }

        foreach (JsonPropertyInfo property in type.Properties)
        {
            bool isTime = property.PropertyType == typeof(long) || property.PropertyType == typeof(long?);
            if (isTime && property.Name.EndsWith("Ms", StringComparison.Ordinal) && property.Name.Length > 2)
            {
                property.Name = property.Name[..^2];
                property.CustomConverter = property.PropertyType == typeof(long) ? InstantConverter.Instance : OptionalInstantConverter.Instance;
            }
        }
    }

    /// <summary>The reader holds members to their nullability, but not the elements of their lists.</summary>
    private static void RefuseNullsInLists(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        foreach (JsonPropertyInfo property in type.Properties)
        {
            if (property.Set is { } set && property.PropertyType != typeof(string) && property.PropertyType.IsAssignableTo(typeof(IEnumerable)))
            {
                property.Set = (owner, value) =>
                {
                    if (value is IEnumerable list && list.Cast<object?>().Contains(null))
                    {
                        throw new JsonException("holds null where none may be");
                    }

                    set(owner, value);
                };
            }
        }
    }
}
