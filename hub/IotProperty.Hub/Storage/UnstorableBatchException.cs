namespace IotProperty.Hub.Storage;

/// <summary>The store can never hold this batch, however often it is sent; the message says why. The edge gets it as the reason of a refusal.</summary>
public sealed class UnstorableBatchException(string message, Exception? inner = null) : Exception(message, inner);
