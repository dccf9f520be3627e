using System.Globalization;
using CsvHelper;
using IotProperty.Hub.Api.Json;
using IotProperty.Hub.Reconciliation;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Reconciliation;

/// <summary>
/// A comparison as a file for a table program: one row for each hour, lane and boot epoch, with the words of the API. A text that a table program would take for a
/// formula is quoted, and ranges are written <c>5..7</c>, which none takes for a date.
/// </summary>
internal static class ReconciliationCsv
{
    private static readonly CsvWriterOptions Format = new() { NewLine = "\r\n", Injection = CsvInjection.Escape };

    public static async Task WriteAsync(Stream output, SiteReconciliation found, CancellationToken cancellationToken)
    {
        await using CsvWriter csv = CsvWriter.Create(output, Format, leaveOpen: true);
        await csv.WriteRecordAsync(["site", "hour", "lane", "verdict", "epoch", "recorded", "received", "missing_batches", "declared_gaps"], cancellationToken);
        foreach (HourComparison hour in found.Hours)
        {
            foreach (EpochComparison part in hour.Epochs)
            {
                csv.WriteField(found.Site);
                csv.WriteField(Instant.Format(hour.HourMs));
                csv.WriteField(EnumName.Kebab(hour.Lane));
                csv.WriteField(EnumName.Kebab(part.Verdict));
                csv.WriteField(part.Epoch);
                csv.WriteField(part.Recorded);
                csv.WriteField(part.Received);
                csv.WriteField(string.Join(' ', part.Missing.Select(range => Range(range.First, range.Last))));
                csv.WriteField(string.Join("; ", part.Gaps.Select(Text)));
                await csv.EndRecordAsync(cancellationToken);
            }
        }
    }

    private static string Text(GapRecord gap) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Range(gap.FirstSequence, gap.LastSequence)}: {gap.Records} records, {Instant.Format(gap.FromMs)} to {Instant.Format(gap.ToMs)}, {gap.Reason}");

    private static string Range(long first, long last) => first == last ? $"{first}" : $"{first}..{last}";
}
