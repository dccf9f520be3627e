using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Api;

/// <summary>
/// Requests that nobody in his senses sends, from one who may do everything: whatever a parameter or a body holds, the hub answers that the request is wrong or does what
/// it says, and never fails. What a body may hold is read off the API's own description.
/// </summary>
public sealed class HostileRequestTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private const int Rounds = 12;

    private static readonly string[] Texts =
    [
        "", " ", "riverside", "' OR 1=1 --", "\"; DROP TABLE alarm; --", "../../../etc/passwd", "..\\..\\hub.yaml", "%00", "\0", "a\r\nSet-Cookie: x=y", "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0", "{{7*7}}", "${jndi:ldap://127.0.0.1/a}", "\u202Egnp.exe", "滨江花园", "\ud83c\udfe2", "\uFFFF", "-1", "0", "1e400", "NaN", "99999999999999999999999", "2026-02-30",
        "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "2026-01-01T00:00:00+99:99", "null", "[]", "{}", "*", "%25%32%65", new string('x', 5_000), new string('9', 400),
    ];

    private static readonly string[] QueryNames =
        ["site", "device", "point", "from", "to", "day", "limit", "after", "before", "page", "state", "status", "level", "lane", "epoch", "unit", "building", "id", "q", "culture", "returnUrl", "hours"];

    [Fact]
    public async Task No_parameter_of_any_route_makes_the_hub_fail()
    {
        Random random = new(20261128);
        using HttpClient program = await fixture.Hub.ProgramAsync(Roles.Administrator);
        foreach (RouteEndpoint route in fixture.Hub.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            bool reads = route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") ?? true;
            string pattern = route.RoutePattern.RawText!;
            if (!reads || pattern.Contains("live", StringComparison.Ordinal))
            {
                // A live stream does not end by itself.
                continue;
            }

            for (int round = 0; round < Rounds; round++)
            {
                string path = string.Join('/', pattern.Split('/').Select(part => part.StartsWith('{') ? Escaped(Text(random)) : part));
                string query = string.Join('&', Enumerable.Range(0, random.Next(4)).Select(_ => $"{QueryNames[random.Next(QueryNames.Length)]}={Escaped(Text(random))}"));
                await AskAsync(program, new HttpRequestMessage(HttpMethod.Get, new Uri($"{path}?{query}", UriKind.Relative)));
            }
        }
    }

    [Fact]
    public async Task No_body_of_any_route_makes_the_hub_fail()
    {
        Random random = new(20261129);
        using HttpClient program = await fixture.Hub.ProgramAsync(Roles.Administrator);
        JsonNode description = JsonNode.Parse(await program.GetStringAsync(new Uri("/api/v1/openapi.json", UriKind.Relative)))!;
        int sent = 0;
        foreach ((string path, JsonNode? operations) in description["paths"]!.AsObject())
        {
            if (operations!["post"]?["requestBody"]?["content"]?["application/json"]?["schema"] is not { } schema)
            {
                continue;
            }

            for (int round = 0; round < 4 * Rounds; round++)
            {
                string body = Instance(description, schema, random, depth: 0)?.ToJsonString() ?? "null";
                if (round % 3 == 2)
                {
                    body = Mutated(body, random);
                }

                string address = string.Join('/', path.Split('/').Select(part => part.StartsWith('{') ? Escaped(Text(random)) : part));
                HttpRequestMessage request = new(HttpMethod.Post, new Uri(address, UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
                await AskAsync(program, request);
                sent++;
            }
        }

        Assert.True(sent > 400, $"the description names too few bodies: {sent} requests");
    }

    private static async Task AskAsync(HttpClient program, HttpRequestMessage request)
    {
        using (request)
        using (HttpResponseMessage answer = await program.SendAsync(request))
        {
            string text = await answer.Content.ReadAsStringAsync();
            string sent = request.Content is null ? "" : await request.Content.ReadAsStringAsync();
            // 503 is a reasoned "not now", such as that of a hub without an authority.
            Assert.True(answer.StatusCode is < HttpStatusCode.InternalServerError or HttpStatusCode.ServiceUnavailable, $"answered {(int)answer.StatusCode}: {text}\nto {request.Method} {request.RequestUri} {sent}");
            Assert.False(answer.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? cookies) && cookies.Any(c => c.StartsWith("x=y", StringComparison.Ordinal)), $"{request.RequestUri} set a header");

            // In JSON, which no browser takes for a page (nosniff), it may be quoted as it came.
            // What the server refuses before it is a request (a path with a zero byte) has neither body nor headers.
            Assert.True(text.Length == 0 || answer.Headers.Contains("X-Content-Type-Options"), $"{request.Method} {request.RequestUri} {sent}\nanswered {(int)answer.StatusCode} without its headers: {answer.Headers}{text}");
            Assert.False(answer.Content.Headers.ContentType?.MediaType == "text/html" && text.Contains("<script>alert", StringComparison.Ordinal), $"{request.RequestUri} holds a script");
        }
    }

    /// <summary>Something of the right form, or nearly.</summary>
    private static JsonNode? Instance(JsonNode description, JsonNode schema, Random random, int depth)
    {
        if (schema["$ref"]?.GetValue<string>() is { } reference)
        {
            return Instance(description, description["components"]!["schemas"]![reference.Split('/')[^1]]!, random, depth);
        }

        if (random.Next(12) == 0 || depth > 6)
        {
            return random.Next(3) == 0 ? null : Text(random);
        }

        if (schema["oneOf"] is JsonArray choices)
        {
            return Instance(description, choices[random.Next(choices.Count)]!, random, depth);
        }

        if (schema["enum"] is JsonArray words)
        {
            return words[random.Next(words.Count)]?.DeepClone();
        }

        string type = schema["type"] switch
        {
            JsonArray types => types[0]!.GetValue<string>(),
            JsonValue one => one.GetValue<string>(),
            _ => "object",
        };
        switch (type)
        {
            case "object":
                JsonObject made = [];
                foreach ((string name, JsonNode? property) in schema["properties"]?.AsObject() ?? [])
                {
                    if (random.Next(15) != 0)
                    {
                        made[name] = Instance(description, property!, random, depth + 1);
                    }
                }

                return made;
            case "array":
                return new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Instance(description, schema["items"]!, random, depth + 1))]);
            case "integer" or "number":
                return random.Next(6) switch
                {
                    0 => long.MaxValue,
                    1 => -1,
                    2 => 0.1,
                    3 => 1e300,
                    _ => random.Next(100),
                };
            case "boolean":
                return random.Next(2) == 0;
            default:
                return random.Next(3) == 0 ? "2026-01-01T00:00:00Z" : Text(random);
        }
    }

    private static string Mutated(string body, Random random)
    {
        string[] pieces = ["{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "null", "1e999", "-", "/*", "\u0001"];
        int at = random.Next(body.Length);
        return string.Concat(body.AsSpan(0, at), pieces[random.Next(pieces.Length)], body.AsSpan(Math.Min(body.Length, at + random.Next(3))));
    }

    private static string Text(Random random) => Texts[random.Next(Texts.Length)];

    private static string Escaped(string text) => Uri.EscapeDataString(text);
}
