using System.Globalization;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tracing;
using IotProperty.Tracing;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Hosting;

/// <summary>Lets the edge's traces go where the site file says. Without it nobody listens to <see cref="EdgeTraces.Source"/>, and no span is made.</summary>
internal static class EdgeTraceExport
{
    /// <summary>Null where the site makes no traces.</summary>
    public static TraceExport? Start(string siteFile, SiteConfiguration site, long epoch, ILoggerFactory loggers)
    {
        if (SiteFiles.ReadTraceTarget(siteFile, site) is not { } target)
        {
            return null;
        }

        TraceExportOptions options = new(target, "iotp-edge", EdgeDaemon.Version, epoch.ToString(CultureInfo.InvariantCulture), [EdgeTraces.SourceName])
        {
            Attributes = new Dictionary<string, object> { ["iotp.site"] = site.Id },
        };
        return TraceExport.Start(options, loggers.CreateLogger<TraceExport>());
    }
}
