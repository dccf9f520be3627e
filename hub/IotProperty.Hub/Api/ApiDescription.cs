using System.Text.Json.Serialization.Metadata;
using IotProperty.Hub.Api.Json;
using IotProperty.Hub.People;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace IotProperty.Hub.Api;

/// <summary>What the OpenAPI document says beyond routes and types: how to log in, which roles a route wants, how times and decimals look.</summary>
internal static class ApiDescription
{
    private const string TokenScheme = "token";

    public static void Configure(OpenApiOptions options)
    {
        options.ShouldInclude = description => description.RelativePath?.StartsWith("api/v1/", StringComparison.Ordinal) == true;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "IotProperty hub";
            document.Info.Version = "1";
            document.Info.Description =
                "Times are RFC 3339 in UTC. Money and meter values are strings with exact decimals. Lists answer items and next, the cursor of the page that follows. "
                + "Refusals are problem details (RFC 9457).";
            document.Servers?.Clear();
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [TokenScheme] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    Description = "Made by: iotp-hub token create --role ROLE --data DIR",
                },
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            PermissionMetadata? needed = context.Description.ActionDescriptor.EndpointMetadata.OfType<PermissionMetadata>().LastOrDefault();
            operation.Description = needed is null ? null : $"Roles: {string.Join(", ", needed.Roles)}.";
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(TokenScheme, context.Document)] = [] }];
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            Describe(schema, context.JsonTypeInfo, context.JsonPropertyInfo);
            return Task.CompletedTask;
        });
    }

    private static void Describe(OpenApiSchema schema, JsonTypeInfo type, JsonPropertyInfo? property)
    {
        JsonSchemaType orNull = Nullable.GetUnderlyingType(type.Type) is null ? 0 : JsonSchemaType.Null;
        Type bare = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (property?.CustomConverter is InstantConverter or OptionalInstantConverter)
        {
            schema.Type = JsonSchemaType.String | orNull;
            schema.Format = "date-time";
        }
        else if (bare == typeof(decimal))
        {
            schema.Type = JsonSchemaType.String | orNull;
            schema.Format = "decimal";
        }
        else if (bare == typeof(double))
        {
            schema.Type = JsonSchemaType.Number | JsonSchemaType.Null;
        }
        else if (bare == typeof(LocalText))
        {
            schema.Type = JsonSchemaType.Object;
            schema.Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["en"] = new OpenApiSchema { Type = JsonSchemaType.String },
                ["zhCn"] = new OpenApiSchema { Type = JsonSchemaType.String },
            };
        }
    }
}
