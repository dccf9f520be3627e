using IotProperty.Hub.Storage.Migration;

namespace IotProperty.Hub.Tests.Migration;

/// <summary>Remembers what a move said, and can end it as a kill would: between two of its transactions.</summary>
internal sealed class MigrationRecord : IMigrationReport
{
    /// <summary>The move ends when it has come on so often; negative: never.</summary>
    public int EndsAfter { get; set; } = -1;

    /// <summary>Called each time that the move has come on, with the number of times.</summary>
    public Action<int>? CameOn { get; set; }

    public int Steps { get; private set; }

    public List<string> Notes { get; } = [];

    public List<string> Begun { get; } = [];

    public List<ComparedStore> All { get; } = [];

    public List<StoreDifference> Differences { get; } = [];

    public void Note(string text) => Notes.Add(text);

    public void Begin(string step, long total, long done) => Begun.Add(step);

    public void Progress(long done)
    {
        Steps++;
        CameOn?.Invoke(Steps);
        if (EndsAfter >= 0 && Steps > EndsAfter)
        {
            throw new EndedException();
        }
    }

    public void End(long count)
    {
    }

    public void Compared(ComparedStore compared) => All.Add(compared);

    public void Differs(StoreDifference difference) => Differences.Add(difference);
}

/// <summary>The end that a test has ordered.</summary>
internal sealed class EndedException() : Exception("ended by the test");
