using System.Globalization;
using System.Text.Json;
using IotProperty.Hub.Billing;

namespace IotProperty.Hub.Tests.Billing;

/// <summary>Published tariffs with worked amounts, read where they lie (<c>../shared/facts</c> beside the repository) and never copied.</summary>
public static class TariffFacts
{
    public static string? File { get; } = FindFile();

    public static JsonElement Load()
    {
        using FileStream file = System.IO.File.OpenRead(File ?? throw new InvalidOperationException("the facts are not beside this repository"));
        using JsonDocument document = JsonDocument.Parse(file);
        return document.RootElement.Clone();
    }

    /// <summary>The cases that hold a property.</summary>
    public static IReadOnlyList<JsonElement> CasesWith(string property) =>
        [.. Load().GetProperty("cases").EnumerateArray().Where(c => c.TryGetProperty(property, out _))];

    /// <summary>The one register case whose text begins so.</summary>
    public static JsonElement Register(string beginning) =>
        Load().GetProperty("registers").EnumerateArray().Single(r => r.GetProperty("what").GetString()!.StartsWith(beginning, StringComparison.Ordinal));

    /// <summary>A number that may stand as a number or as a text.</summary>
    public static decimal Number(JsonElement element) =>
        element.ValueKind == JsonValueKind.String ? decimal.Parse(element.GetString()!, CultureInfo.InvariantCulture) : element.GetDecimal();

    public static TariffVersion Version(string tariff)
    {
        JsonElement facts = Load().GetProperty("tariffs").GetProperty(tariff);
        HouseholdAllowance? household = facts.TryGetProperty("perExtraPersonFrom6thUp", out JsonElement extra)
            ? new HouseholdAllowance(6, Number(extra.GetProperty("addsToEachLimit")))
            : null;
        IReadOnlyList<TariffBand> bands = facts.TryGetProperty("bands", out JsonElement listed)
            ? [.. listed.EnumerateArray().Select(b => new TariffBand(
                b.GetProperty("upTo").ValueKind == JsonValueKind.Null ? null : Number(b.GetProperty("upTo")), Number(b.GetProperty("price"))))]
            : [new TariffBand(null, Number(facts.GetProperty("price")))];
        bool yearly = facts.TryGetProperty("accumulates", out JsonElement accumulates) && accumulates.GetString() == "calendar year";
        return new TariffVersion
        {
            From = new DateOnly(2020, 1, 1),
            Accumulates = yearly ? Accumulation.CalendarYear : Accumulation.None,
            Bands = bands,
            Household = household,
        };
    }

    private static string? FindFile()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(at.FullName, "IotProperty.sln")))
            {
                string file = Path.GetFullPath(Path.Combine(at.FullName, "..", "shared", "facts", "tariffs.json"));
                return System.IO.File.Exists(file) ? file : null;
            }
        }

        return null;
    }
}

/// <summary>A test over the published tariffs; skipped with a reason where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TariffFactAttribute : FactAttribute
{
    public TariffFactAttribute()
    {
        if (TariffFacts.File is null)
        {
            Skip = "../shared/facts/tariffs.json is not beside this repository";
        }
    }
}
