using System.Collections.Immutable;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Polling;

/// <summary>What became of a request that the device has not got all the data for.</summary>
internal enum Refusal : byte
{
    /// <summary>It was taken apart; its parts stand in its place and wait to be asked.</summary>
    Divided,

    /// <summary>It cannot be divided further: the device has not got this value. It is asked again much later.</summary>
    Final,

    /// <summary>As <see cref="Final"/>, and it was known already.</summary>
    Known,
}

/// <summary>
/// The requests of one job, which learn what the device has not got. A refused request is divided in the middle until single values that are refused stand
/// alone; those are asked only rarely, the others are kept. Once a round goes without a refusal, neighbours that a division had parted are tried together, one pair
/// a round, so that what remains is divided only where the device has something against it. All of that is bounded by the number of points, and forgotten
/// at <see cref="Forget"/>. Belongs to one <see cref="PollJob"/>; a round asks the requests from index 0 to <see cref="Count"/> and ends with <see cref="BeginRound"/>.
/// </summary>
internal sealed class BlockPlan
{
    private const long FirstAgainMs = 60_000;
    private const long LongestAgainMs = 3_600_000;

    private readonly DeviceProfile _profile;
    private readonly ImmutableArray<ReadBlock> _planned;
    private readonly List<Part> _parts;
    private readonly List<Part> _refused = [];
    private bool _isCalm = true;
    private bool _forget;

    public BlockPlan(DeviceProfile profile, ImmutableArray<ReadBlock> planned)
    {
        _profile = profile;
        _planned = planned;
        _parts = [.. planned.Select(block => new Part(block))];
    }

    public int Count => _parts.Count;

    public ReadBlock this[int index] => _parts[index].Block;

    /// <summary>Points that the device has refused and that this round does not ask for.</summary>
    public IEnumerable<int> RefusedPoints => _refused.SelectMany(part => part.Block.Points).Select(planned => planned.Index);

    /// <summary>Everything learnt is forgotten at the next <see cref="BeginRound"/>: the device was away and may be another one.</summary>
    public void Forget() => _forget = _refused.Count > 0 || _parts.Count != _planned.Length;

    /// <summary>Prepares the requests for the next round.</summary>
    public void BeginRound(long nowMs)
    {
        if (_forget)
        {
            _forget = false;
            _refused.Clear();
            _parts.Clear();
            _parts.AddRange(_planned.Select(block => new Part(block)));
        }
        else if (_refused.Count > 0 || _parts.Count > _planned.Length)
        {
            AskAgain(nowMs);
            if (_isCalm)
            {
                TryTogether();
            }
        }

        _isCalm = true;
    }

    /// <summary>The device answered the request.</summary>
    public void Answered(int index)
    {
        Part part = _parts[index];
        part.Refusals = 0;
        part.TrialOf = null;
    }

    /// <summary>The device has not got all of what the request asks for.</summary>
    public Refusal Refused(int index, long nowMs)
    {
        _isCalm = false;
        Part part = _parts[index];
        if (part.TrialOf is { } trial)
        {
            trial.Left.TryNext = false;
            Replace(index, [trial.Left, trial.Right]);
            return Refusal.Divided;
        }

        ImmutableArray<ReadBlock> pieces = ReadPlanner.Divide(_profile, part.Block);
        if (pieces.Length > 1)
        {
            bool mayMeetAgain = part.Block is RegisterBlock;
            Part[] parts = [.. pieces.Select(piece => new Part(piece) { TryNext = mayMeetAgain })];
            parts[^1].TryNext = part.TryNext;
            Replace(index, parts);
            return Refusal.Divided;
        }

        part.AgainMs = nowMs + Math.Min(LongestAgainMs, FirstAgainMs << Math.Min(part.Refusals, 10));
        part.Refusals++;
        _parts.RemoveAt(index);
        _refused.Add(part);
        return part.Refusals == 1 ? Refusal.Final : Refusal.Known;
    }

    private void Replace(int index, Part[] parts)
    {
        _parts.RemoveAt(index);
        _parts.InsertRange(index, parts);
    }

    private void AskAgain(long nowMs)
    {
        for (int i = _refused.Count - 1; i >= 0; i--)
        {
            Part part = _refused[i];
            if (part.AgainMs <= nowMs)
            {
                _refused.RemoveAt(i);
                int at = _parts.FindIndex(other => ReadPlanner.Compare(_profile, part.Block, other.Block) < 0);
                at = at < 0 ? _parts.Count : at;
                part.TryNext = part.Block is RegisterBlock;
                if (at > 0 && part.TryNext)
                {
                    _parts[at - 1].TryNext = true;
                }

                _parts.Insert(at, part);
            }
        }
    }

    private void TryTogether()
    {
        for (int i = 0; i + 1 < _parts.Count; i++)
        {
            (Part left, Part right) = (_parts[i], _parts[i + 1]);
            if (!left.TryNext || left.Refusals > 0 || right.Refusals > 0)
            {
                continue;
            }

            if (ReadPlanner.Join(_profile, left.Block, right.Block) is not { } joined || _refused.Any(part => ReadPlanner.Holds(joined, part.Block)))
            {
                left.TryNext = false;
                continue;
            }

            _parts.RemoveAt(i + 1);
            _parts[i] = new Part(joined) { TryNext = right.TryNext, TrialOf = (left, right) };
            return;
        }
    }

    private sealed class Part(ReadBlock block)
    {
        public ReadBlock Block { get; } = block;

        /// <summary>Whether this and the following part may be tried together.</summary>
        public bool TryNext { get; set; }

        /// <summary>The two parts that this one tries together, until it was answered.</summary>
        public (Part Left, Part Right)? TrialOf { get; set; }

        /// <summary>How often it was refused though it cannot be divided.</summary>
        public int Refusals { get; set; }

        /// <summary>When a refused part is asked again. Monotonic milliseconds.</summary>
        public long AgainMs { get; set; }
    }
}
