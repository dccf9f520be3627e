namespace IotProperty.Edge.Outbox;

/// <summary>The store could not write (its disk is full or broken): nothing of the call was stored. The caller keeps what it has and tries again.</summary>
public sealed class OutboxUnavailableException(string reason, Exception? inner = null) : IOException(reason, inner);
