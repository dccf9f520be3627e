namespace IotProperty.Hub.Billing;

/// <summary>Service points, meters, tariffs, readings and invoices. Safe for callers on any task.</summary>
public interface IBillingDesk
{
    ValueTask<Page<ServicePoint>> ServicePointsAsync(string? unit, PageRequest page, CancellationToken cancellationToken);

    ValueTask<Result<ServicePoint>> AddAsync(ServicePoint point, CancellationToken cancellationToken);

    ValueTask<Page<MeterInstallation>> InstallationsAsync(string? servicePoint, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Refuses a time that overlaps another installation of the service point, or of the same register elsewhere (conflict).</summary>
    ValueTask<Result<MeterInstallation>> AddAsync(MeterInstallation installation, CancellationToken cancellationToken);

    /// <summary>Takes a meter out: the first half of a swap.</summary>
    ValueTask<Result<MeterInstallation>> EndInstallationAsync(string id, long toMs, decimal? closingValue, CancellationToken cancellationToken);

    ValueTask<Page<Tariff>> TariffsAsync(PageRequest page, CancellationToken cancellationToken);

    ValueTask<Tariff?> FindTariffAsync(string id, CancellationToken cancellationToken);

    ValueTask<Result<Tariff>> AddAsync(Tariff tariff, CancellationToken cancellationToken);

    ValueTask<Page<TariffAssignment>> AssignmentsAsync(string? servicePoint, PageRequest page, CancellationToken cancellationToken);

    ValueTask<Result<TariffAssignment>> AddAsync(TariffAssignment assignment, CancellationToken cancellationToken);

    /// <summary>Readings of a register in [fromMs, toMs), oldest first; <paramref name="device"/> and <paramref name="register"/> may be null for all.</summary>
    ValueTask<Page<StoredReading>> ReadingsAsync(
        string site, string? device, string? register, long fromMs, long toMs, PageRequest page, CancellationToken cancellationToken);

    /// <summary>The newest good reading of every register of a site.</summary>
    ValueTask<IReadOnlyList<StoredReading>> LatestReadingsAsync(string site, CancellationToken cancellationToken);

    /// <summary>
    /// Bills a unit for [fromMs, toMs). The same unit and period again returns the same invoice; a period that overlaps an issued one is
    /// refused (conflict); whatever blocks the bill (a missing reading, a register that fell without explanation, no tariff) is refused as
    /// invalid with every reason at once.
    /// </summary>
    ValueTask<Result<Invoice>> IssueAsync(string unit, long fromMs, long toMs, CancellationToken cancellationToken);

    /// <summary>Newest period first.</summary>
    ValueTask<Page<Invoice>> InvoicesAsync(string? unit, PageRequest page, CancellationToken cancellationToken);

    ValueTask<Invoice?> FindInvoiceAsync(string id, CancellationToken cancellationToken);
}
