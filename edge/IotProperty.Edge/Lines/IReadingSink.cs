using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Lines;

/// <summary>Takes billing-grade readings from line tasks and brings them to disk. Safe for callers on any task; never waits.</summary>
public interface IReadingSink
{
    void OnReading(MeterReading reading);
}
