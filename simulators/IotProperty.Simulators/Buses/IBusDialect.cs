namespace IotProperty.Simulators.Buses;

/// <summary>How the requests of one protocol look on a wire that several protocols share. Stateless.</summary>
public interface IBusDialect
{
    /// <summary>No request is longer. Bytes.</summary>
    int MaxRequestBytes { get; }

    /// <summary>No reply is longer. Bytes.</summary>
    int MaxReplyBytes { get; }

    /// <summary>Looks for the first whole request in what has arrived, past noise and the frames of other protocols.</summary>
    /// <param name="silent">Whether the line has fallen silent behind these bytes: then a frame that would need more is noise, too.</param>
    /// <param name="start">How many bytes in front can be dropped for good.</param>
    /// <param name="length">The length of the request that begins at <paramref name="start"/>; 0 when none is there.</param>
    void Seek(ReadOnlySpan<byte> bytes, bool silent, out int start, out int length);

    /// <summary>How many bytes at a reply's start only wake the receiver and mean nothing.</summary>
    int WakeUpBytes(ReadOnlySpan<byte> reply) => 0;

    /// <summary>Puts another address than the device's own into a reply and seals it anew, so that the frame is sound and comes from somebody else.</summary>
    void Readdress(Span<byte> reply);
}
