using System.Globalization;
using IotProperty.Hub.Storage.Migration;

namespace IotProperty.Hub.Commands;

/// <summary>What a move does, for people: a line a step, and, where there is a terminal, a bar with rate and remaining time.</summary>
/// <param name="output">For lines.</param>
/// <param name="terminal">For the bar; null where nobody watches.</param>
/// <param name="time">For rates.</param>
internal sealed class MigrationText(TextWriter output, TextWriter? terminal, TimeProvider time) : IEndingReport
{
    private const int BarWidth = 30;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    private string _step = "";
    private long _total;
    private long _before;
    private long _began;
    private long _drawn;
    private int _barLength;
    private long _series;
    private long _samples;
    private long _rounded;

    public void Note(string text) => Line(text);

    public void Begin(string step, long total, long done)
    {
        (_step, _total, _before, _began, _drawn) = (step, total, done, time.GetTimestamp(), 0);
        Draw(done);
    }

    public void Progress(long done)
    {
        if (_drawn == 0 || time.GetElapsedTime(_drawn) >= Every)
        {
            Draw(done);
        }
    }

    public void End(long count)
    {
        double seconds = time.GetElapsedTime(_began).TotalSeconds;
        Line(string.Create(CultureInfo.InvariantCulture, $"{_step + ":",-40} {count,15:N0}   {Rate(count - _before, seconds)}").TrimEnd());
        if (_series > 0)
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"{_series} series with {_samples:N0} samples were read back; {_rounded:N0} values came back rounded to the digits that the server keeps"));
            (_series, _samples, _rounded) = (0, 0, 0);
        }
    }

    public void Compared(ComparedStore compared)
    {
        if (compared.IsSeries)
        {
            _series++;
            _samples += compared.Target.Count;
            _rounded += compared.Rounded;
        }

        if (!compared.IsEqual)
        {
            Line(string.Create(
                CultureInfo.InvariantCulture,
                $"{compared.Name} DIFFERS: {compared.Source.Count} in the embedded store (SHA-256 {compared.Source.Sha256}), {compared.Target.Count} in the new one (SHA-256 {compared.Target.Sha256})"));
        }
    }

    public void Differs(StoreDifference difference) => Line($"  {difference.Name}: {difference.What}");

    public void Close(long differences) => Line(differences == 0
        ? "All is moved and was found equal. The embedded files stay as they are; start the hub with the same configuration."
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{differences:N0} rows or samples differ; nothing is marked as done. If nobody wrote to the new stores, keep them for a look; to begin again, name empty ones."));

    private void Draw(long done)
    {
        if (terminal is null)
        {
            return;
        }

        _drawn = time.GetTimestamp();
        double share = _total == 0 ? 1 : Math.Min(1, (double)done / _total);
        double seconds = time.GetElapsedTime(_began).TotalSeconds;
        double rate = seconds > 0.5 ? (done - _before) / seconds : 0;
        string left = rate > 0 ? $" {TimeSpan.FromSeconds(Math.Min((_total - done) / rate, TimeSpan.MaxValue.TotalSeconds / 2)):d\\.hh\\:mm\\:ss} left" : "";
        int filled = (int)(share * BarWidth);
        string bar = string.Create(
            CultureInfo.InvariantCulture, $"{_step} [{new string('#', filled)}{new string('.', BarWidth - filled)}] {share,4:P0} {Rate(done - _before, seconds)}{left}");
        terminal.Write($"\r{bar.PadRight(_barLength)}");
        terminal.Flush();
        _barLength = bar.Length;
    }

    private void Line(string text)
    {
        if (_barLength > 0)
        {
            terminal!.Write($"\r{new string(' ', _barLength)}\r");
            terminal.Flush();
            _barLength = 0;
        }

        output.WriteLine(text);
        output.Flush();
    }

    private static string Rate(long count, double seconds) =>
        count > 0 && seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"{count / seconds:N0}/s") : "";
}
