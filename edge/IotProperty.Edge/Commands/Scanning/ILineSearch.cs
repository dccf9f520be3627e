using System.Collections.Immutable;

namespace IotProperty.Edge.Commands.Scanning;

/// <summary>A unit that answered.</summary>
/// <param name="Protocol">As named in <c>--protocol</c>.</param>
/// <param name="Key">The key under which a site file calls it: <c>unit</c> or <c>address</c>.</param>
/// <param name="Address">What to write there.</param>
/// <param name="Details">What else it told, by names of JSON fields.</param>
internal sealed record FoundUnit(string Protocol, string Key, string Address, ImmutableArray<(string Name, string Value)> Details)
{
    /// <summary>As one would write it into a site file, and what is known of it.</summary>
    public override string ToString()
    {
        string address = Key == "unit" ? Address : $"\"{Address}\"";
        string details = string.Join(", ", Details.Select(detail => $"{detail.Name} {detail.Value}"));
        return details.Length == 0 ? $"{Protocol}  {Key}: {address}" : $"{Protocol}  {Key}: {address}  # {details}";
    }
}

/// <summary>
/// Asks a line who is there, one request at a time, without IO: send <see cref="Outgoing"/>, listen until the line is silent or the time-out is over, hand what was
/// heard to <see cref="Heard"/>, until <see cref="IsOver"/>. Owned by one task; every search ends.
/// </summary>
internal interface ILineSearch
{
    ReadOnlyMemory<byte> Outgoing { get; }

    /// <summary>No answer is longer. Bytes.</summary>
    int MaxReplyBytes { get; }

    bool IsOver { get; }

    /// <summary>From 0 to 1.</summary>
    double Progress { get; }

    /// <summary>Who is being asked, for people.</summary>
    string Asking { get; }

    IReadOnlyList<FoundUnit> Found { get; }

    /// <summary>For people: where somebody answered who could not be understood, and what to do about it.</summary>
    IReadOnlyList<string> Unresolved { get; }

    /// <param name="bytes">Empty when nothing came.</param>
    void Heard(ReadOnlySpan<byte> bytes);
}
