namespace IotProperty.Edge.Storage;

/// <summary>The file is not what this program wrote: it must be rescued before anything is written to it.</summary>
internal sealed class StoreDamagedException(string why, Exception? inner = null) : IOException(why, inner);
