using IotProperty.Hub.Hosting;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>Whether the time-series server can be written to and read. Strangers may ask for health: they hear that it fails, the log says where and how.</summary>
internal sealed class TimeSeriesProbe(ITelemetryStore store, ILogger<TimeSeriesProbe> logger) : IHealthProbe
{
    private int _failing;

    public async Task<string?> WhyNotAsync(CancellationToken cancellationToken)
    {
        TimeSeriesTelemetryStore telemetry = (TimeSeriesTelemetryStore)store;
        try
        {
            await telemetry.CheckAsync(cancellationToken);
        }
        catch (IOException trouble)
        {
            if (Interlocked.Exchange(ref _failing, 1) == 0)
            {
                logger.ServerFails(telemetry.ServerName, trouble);
            }

            return $"{telemetry.ServerName} does not answer, or not as it should; the log says more";
        }

        if (Interlocked.Exchange(ref _failing, 0) == 1)
        {
            logger.ServerAnswers(telemetry.ServerName);
        }

        return null;
    }
}
