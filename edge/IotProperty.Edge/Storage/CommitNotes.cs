using System.Collections.Immutable;
using System.Globalization;
using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

/// <summary>What the notes beside a store say: how far it had come, and what waited in it then.</summary>
/// <param name="Mark">How far the store had come.</param>
/// <param name="Waiting">What waited in it; the newest epochs first.</param>
/// <param name="IsExact">Whether <paramref name="Waiting"/> names every row and no other, which it does unless they are too scattered.</param>
internal sealed record CommitNote(CommitMark Mark, ImmutableArray<WaitingSpan> Waiting, bool IsExact)
{
    public bool Expects(in BatchNumber number)
    {
        foreach (WaitingSpan span in Waiting)
        {
            if (span.Lane == number.Lane && span.Epoch == number.Epoch)
            {
                return span.Holds(number.Sequence);
            }
        }

        return false;
    }
}

/// <summary>
/// The file beside the store (<c>outbox.commits</c>) that notes every commit, after it and without a sync: it costs no wear and no waiting, survives a kill, and after a loss
/// of power is older than the store rather than newer, unless the store has lost what it said was synced. Being without it, or being unable to write it, is no failure.
/// Owned by the store's task.
/// </summary>
internal sealed class CommitNotes : IDisposable
{
    /// <summary>Beyond it ranges are joined: a note that is too wide still names all that may be lost.</summary>
    private const int MaxRanges = 100;
    private const int MaxSpans = 40;
    private const int SlotBytes = 8 * 1024;

    // A newer program's notes are not read: its store is then told from a damaged one by its number.
    private static readonly string Heading = string.Create(CultureInfo.InvariantCulture, $"iotp-commits {OutboxDatabase.SchemaVersion}");

    private readonly string _path;
    private readonly ILogger _logger;
    private TwoSlotFile? _file;
    private bool _failed;

    private CommitNotes(string path, TwoSlotFile? file, ILogger logger) => (_path, _file, _logger) = (path, file, logger);

    /// <summary>The last note; null when there is none that can be read.</summary>
    public CommitNote? Last { get; private set; }

    /// <summary>For a disk that has no files.</summary>
    public static CommitNotes InMemory(ILogger logger) => new("", null, logger);

    public static CommitNotes Open(string storePath, ILogger logger)
    {
        string path = Path.ChangeExtension(storePath, ".commits");
        CommitNotes notes = new(path, null, logger);
        try
        {
            notes._file = TwoSlotFile.Open(path, Heading, SlotBytes);
            notes.Last = notes._file.Lines is { } lines ? Parse(lines) : null;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            StorageLog.NotesUnusable(logger, path, unusable.Message);
        }

        return notes;
    }

    public void Write(in CommitMark mark, IReadOnlyList<WaitingSpan> waiting)
    {
        Last = Bounded(mark, waiting);
        if (_file is null)
        {
            return;
        }

        try
        {
            _file.Write(Lines(Last), sync: false);
            _failed = false;
        }
        catch (IOException full)
        {
            if (!_failed)
            {
                StorageLog.NotesUnusable(_logger, _path, full.Message);
            }

            _failed = true;
        }
    }

    public void Dispose() => _file?.Dispose();

    private static CommitNote Bounded(in CommitMark mark, IReadOnlyList<WaitingSpan> waiting)
    {
        if (waiting.Count <= MaxSpans && waiting.Sum(span => span.Ranges.Length) <= MaxRanges)
        {
            return new CommitNote(mark, [.. waiting], IsExact: true);
        }

        return new CommitNote(
            mark,
            [
                .. waiting.OrderByDescending(span => span.Epoch).ThenBy(span => span.Lane).Take(MaxSpans)
                    .Select(span => span with { Ranges = [new SequenceRange(span.Ranges[0].First, span.Ranges[^1].Last)] }),
            ],
            IsExact: false);
    }

    private static IEnumerable<string> Lines(CommitNote note)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"commit {note.Mark.Number} {note.Mark.Epoch} {(note.IsExact ? 1 : 0)}");
        foreach (Lane lane in Enum.GetValues<Lane>())
        {
            LaneMark mark = note.Mark[lane];
            yield return string.Create(CultureInfo.InvariantCulture, $"lane {(byte)lane} {mark.LastSequence} {mark.Records} {mark.NewestMs}");
        }

        foreach (WaitingSpan span in note.Waiting)
        {
            string ranges = string.Join(' ', span.Ranges.Select(range => string.Create(CultureInfo.InvariantCulture, $"{range.First} {range.Last}")));
            yield return string.Create(CultureInfo.InvariantCulture, $"wait {(byte)span.Lane} {span.Epoch} {span.Records} {span.FromMs} {span.ToMs} {ranges}");
        }
    }

    /// <returns>Null for lines that another program wrote.</returns>
    private static CommitNote? Parse(IReadOnlyList<string> lines)
    {
        CommitMark mark = default;
        bool isExact = false;
        List<WaitingSpan> waiting = [];
        foreach (string line in lines)
        {
            string[] words = line.Split(' ');
            long[] numbers = [.. words.Where(word => long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)).Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
            switch (words[0], numbers.Length)
            {
                case ("commit", 3):
                    mark = mark with { Number = numbers[0], Epoch = numbers[1] };
                    isExact = numbers[2] == 1;
                    break;
                case ("lane", 4) when IsLane(numbers[0]):
                    mark = mark.With((Lane)numbers[0], new LaneMark(numbers[1], numbers[2], numbers[3]));
                    break;
                case ("wait", >= 7) when IsLane(numbers[0]) && numbers.Length % 2 == 1:
                    waiting.Add(new WaitingSpan((Lane)numbers[0], numbers[1], [.. numbers.Skip(5).Chunk(2).Select(pair => new SequenceRange(pair[0], pair[1]))], numbers[2], numbers[3], numbers[4]));
                    break;
                default:
                    return null;
            }
        }

        return mark.Epoch > 0 ? new CommitNote(mark, [.. waiting], isExact) : null;

        static bool IsLane(long number) => number is >= (long)Lane.Event and <= (long)Lane.Telemetry;
    }
}
