namespace IotProperty.Protocols.Framing;

/// <summary>
/// The outcome of every scanner in this library. Bytes from outside never throw: a scanner looks at the bytes that have arrived so far and says
/// whether a whole unit stands at their start, whether it needs more, or that they can never become one.
/// </summary>
public enum ScanStatus : byte
{
    /// <summary>A whole unit was read; the scanner says how many bytes it took.</summary>
    Done,

    /// <summary>The bytes are a proper beginning; call again, from the same start, when more have arrived.</summary>
    NeedMore,

    /// <summary>The bytes can never become a unit; the scanner says why.</summary>
    Malformed,
}
