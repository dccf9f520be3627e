using System.Buffers.Binary;
using Google.Protobuf;

namespace IotProperty.SystemTests.Traces;

/// <summary>
/// A span as a collector gets it, read by the field numbers of opentelemetry-proto 1.x (opentelemetry/proto/collector/trace/v1/trace_service.proto, trace/v1/trace.proto,
/// common/v1/common.proto, resource/v1/resource.proto), independently of the library that wrote it.
/// </summary>
/// <param name="Resource">Attributes of the program.</param>
/// <param name="Parent">Empty for a root.</param>
/// <param name="StartNs">Nanoseconds since the Unix epoch.</param>
/// <param name="Status">0 unset, 1 ok, 2 error.</param>
internal sealed record OtlpSpan(
    IReadOnlyDictionary<string, string> Resource,
    string Scope,
    string Trace,
    string Id,
    string Parent,
    string Name,
    int Kind,
    ulong StartNs,
    ulong EndNs,
    IReadOnlyDictionary<string, string> Attributes,
    IReadOnlyList<string> Links,
    int Status)
{
    public string Service => Resource["service.name"];

    /// <summary>ExportTraceServiceRequest: resource_spans = 1.</summary>
    public static IReadOnlyList<OtlpSpan> ReadRequest(byte[] request)
    {
        List<OtlpSpan> spans = [];
        Each(request, (field, content) =>
        {
            if (field == 1)
            {
                ReadResourceSpans(content, spans);
            }
        });
        return spans;
    }

    /// <summary>ResourceSpans: resource = 1 (attributes = 1), scope_spans = 2. ScopeSpans: scope = 1 (name = 1), spans = 2.</summary>
    private static void ReadResourceSpans(byte[] resourceSpans, List<OtlpSpan> spans)
    {
        Dictionary<string, string> resource = [];
        Each(resourceSpans, (field, content) =>
        {
            if (field == 1)
            {
                Each(content, (inner, attribute) => Add(resource, inner == 1 ? attribute : null));
            }
            else if (field == 2)
            {
                string scope = "";
                Each(content, (inner, part) =>
                {
                    if (inner == 1)
                    {
                        Each(part, (named, name) => scope = named == 1 ? Text(name) : scope);
                    }
                    else if (inner == 2)
                    {
                        spans.Add(ReadSpan(resource, scope, part));
                    }
                });
            }
        });
    }

    private static OtlpSpan ReadSpan(IReadOnlyDictionary<string, string> resource, string scope, byte[] span)
    {
        (string trace, string id, string parent, string name) = ("", "", "", "");
        (int kind, int status, ulong start, ulong end) = (0, 0, 0, 0);
        Dictionary<string, string> attributes = [];
        List<string> links = [];
        Each(span, (field, content) =>
        {
            switch (field)
            {
                case 1:
                    trace = Convert.ToHexStringLower(content);
                    break;
                case 2:
                    id = Convert.ToHexStringLower(content);
                    break;
                case 4:
                    parent = Convert.ToHexStringLower(content);
                    break;
                case 5:
                    name = Text(content);
                    break;
                case 6:
                    kind = (int)BinaryPrimitives.ReadUInt64LittleEndian(content);
                    break;
                case 7:
                    start = BinaryPrimitives.ReadUInt64LittleEndian(content);
                    break;
                case 8:
                    end = BinaryPrimitives.ReadUInt64LittleEndian(content);
                    break;
                case 9:
                    Add(attributes, content);
                    break;
                case 13:
                    // Link: span_id = 2.
                    Each(content, (inner, linked) =>
                    {
                        if (inner == 2)
                        {
                            links.Add(Convert.ToHexStringLower(linked));
                        }
                    });
                    break;
                case 15:
                    // Status: code = 3.
                    Each(content, (inner, code) => status = inner == 3 ? (int)BinaryPrimitives.ReadUInt64LittleEndian(code) : status);
                    break;
                default:
                    break;
            }
        });
        return new OtlpSpan(resource, scope, trace, id, parent, name, kind, start, end, attributes, links, status);
    }

    /// <summary>KeyValue: key = 1, value = 2. AnyValue: string = 1, bool = 2, int = 3, double = 4.</summary>
    private static void Add(Dictionary<string, string> attributes, byte[]? keyValue)
    {
        if (keyValue is null)
        {
            return;
        }

        (string key, string value) = ("", "");
        Each(keyValue, (field, content) =>
        {
            if (field == 1)
            {
                key = Text(content);
            }
            else
            {
                Each(content, (kind, any) => value = kind switch
                {
                    1 => Text(any),
                    2 => BinaryPrimitives.ReadUInt64LittleEndian(any) != 0 ? "true" : "false",
                    3 => BinaryPrimitives.ReadInt64LittleEndian(any).ToString(System.Globalization.CultureInfo.InvariantCulture),
                    4 => BinaryPrimitives.ReadDoubleLittleEndian(any).ToString(System.Globalization.CultureInfo.InvariantCulture),
                    _ => throw new InvalidDataException($"no attribute of ours is of kind {kind}"),
                });
            }
        });
        attributes.Add(key, value);
    }

    private static string Text(byte[] content) => System.Text.Encoding.UTF8.GetString(content);

    /// <summary>Each field of a message; numbers as eight bytes, little endian.</summary>
    private static void Each(byte[] message, Action<int, byte[]> take)
    {
        CodedInputStream input = new(message);
        while (input.ReadTag() is var tag and not 0)
        {
            byte[] content = WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.LengthDelimited => input.ReadBytes().ToByteArray(),
                WireFormat.WireType.Varint => BitConverter.GetBytes(input.ReadUInt64()),
                WireFormat.WireType.Fixed64 => BitConverter.GetBytes(input.ReadFixed64()),
                WireFormat.WireType.Fixed32 => BitConverter.GetBytes((ulong)input.ReadFixed32()),
                var other => throw new InvalidDataException($"no field of a trace is of wire type {other}"),
            };
            take(WireFormat.GetTagFieldNumber(tag), content);
        }
    }
}
