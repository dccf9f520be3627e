using System.Text.Json;
using IotProperty.Hub.Storage.Migration;

namespace IotProperty.Hub.Commands;

/// <summary>One JSON object a line for what a move does; progress at most once in two seconds.</summary>
internal sealed class MigrationJson(TextWriter output, TimeProvider time) : IEndingReport
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private string _step = "";
    private long _total;
    private long _began;
    private long _told;

    public void Note(string text) => Write(new { @event = "note", text });

    public void Begin(string step, long total, long done)
    {
        (_step, _total, _began, _told) = (step, total, time.GetTimestamp(), time.GetTimestamp());
        Write(new { @event = "step-begun", step, total, done });
    }

    public void Progress(long done)
    {
        if (time.GetElapsedTime(_told) >= Every)
        {
            _told = time.GetTimestamp();
            Write(new { @event = "progress", step = _step, done, total = _total });
        }
    }

    public void End(long count) =>
        Write(new { @event = "step-ended", step = _step, count, seconds = Math.Round(time.GetElapsedTime(_began).TotalSeconds, 3) });

    public void Compared(ComparedStore compared) => Write(new
    {
        @event = "compared",
        name = compared.Name,
        kind = compared.IsSeries ? "series" : "table",
        equal = compared.IsEqual,
        count = compared.Source.Count,
        sha256 = compared.Source.Sha256,
        targetCount = compared.Target.Count,
        targetSha256 = compared.Target.Sha256,
        rounded = compared.Rounded,
    });

    public void Differs(StoreDifference difference) => Write(new { @event = "difference", name = difference.Name, what = difference.What });

    public void Close(long differences) => Write(new { @event = differences == 0 ? "moved" : "different", differences });

    private void Write<T>(T line)
    {
        output.WriteLine(JsonSerializer.Serialize(line));
        output.Flush();
    }
}
