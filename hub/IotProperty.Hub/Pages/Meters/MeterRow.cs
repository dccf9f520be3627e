using IotProperty.Hub.Billing;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Meters;

/// <summary>One row of the meter list.</summary>
/// <param name="Site">The site.</param>
/// <param name="DeviceId">The meter.</param>
/// <param name="Device">As the edge declared it; null when it declares it no more.</param>
/// <param name="Newest">The newest good reading of one register; null when there never was one.</param>
/// <param name="UnitNumber">Where it counts for; null when it is installed nowhere.</param>
public sealed record MeterRow(string Site, string DeviceId, CatalogueDevice? Device, StoredReading? Newest, string? UnitNumber);
