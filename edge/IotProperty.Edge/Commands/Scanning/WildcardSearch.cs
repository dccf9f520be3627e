using System.Globalization;

namespace IotProperty.Edge.Commands.Scanning;

/// <summary>How meters with wildcard addresses are asked and understood.</summary>
internal interface IMeterQuestions
{
    /// <summary>An even number of decimal digits.</summary>
    int Digits { get; }

    /// <summary>How many kinds of question there are for everybody, from 0 on; meters may know only some.</summary>
    int Questions { get; }

    int MaxReplyBytes { get; }

    /// <summary>What the installer can do when meters cannot be told apart.</summary>
    string Mend { get; }

    /// <summary>The question for a part of the addresses, after everybody was asked <paramref name="question"/> and several answered.</summary>
    int Narrower(int question);

    /// <summary>Writes a request and returns its length.</summary>
    /// <param name="pattern">Digits, and AA for any pair of them.</param>
    int Write(int question, string pattern, Span<byte> request);

    /// <summary>Finds the meters in what was heard.</summary>
    /// <param name="found">Gets them; without details where a meter only refused, and another question may tell more.</param>
    /// <param name="noiseBytes">Bytes that belong to no frame: others answered at the same time.</param>
    void Read(ReadOnlySpan<byte> heard, List<FoundUnit> found, out int noiseBytes);
}

/// <summary>
/// Asks everybody at once; where several answer and garble each other, asks for each value of the last two digits that are open, and so on (abbreviated addressing,
/// DL/T 645-2007 §5.2.2: known digits at the end, AA in front).
/// </summary>
internal sealed class WildcardSearch : ILineSearch
{
    private const int Pairs = 100;
    private const string OpenPair = "AA";

    /// <summary>A line that answers noise to everything ends the search here.</summary>
    private const int MostRequests = 20_000;

    private readonly IMeterQuestions _questions;
    private readonly byte[] _request = new byte[512];
    private readonly List<Level> _levels = [];
    private readonly List<FoundUnit> _found = [];
    private readonly List<FoundUnit> _heard = [];
    private readonly List<string> _unresolved = [];
    private int _requestBytes;
    private int _requests;
    private int _question;
    private string _pattern;

    public WildcardSearch(IMeterQuestions questions)
    {
        _questions = questions;
        _pattern = string.Concat(Enumerable.Repeat(OpenPair, questions.Digits / 2));
        Ask();
    }

    public ReadOnlyMemory<byte> Outgoing => _request.AsMemory(0, _requestBytes);

    public int MaxReplyBytes => _questions.MaxReplyBytes;

    public bool IsOver { get; private set; }

    public double Progress { get; private set; }

    public string Asking => $"address {_pattern}";

    public IReadOnlyList<FoundUnit> Found => _found;

    public IReadOnlyList<string> Unresolved => _unresolved;

    public void Heard(ReadOnlySpan<byte> bytes)
    {
        _heard.Clear();
        _questions.Read(bytes, _heard, out int noiseBytes);
        foreach (FoundUnit unit in _heard)
        {
            Keep(unit);
        }

        bool several = noiseBytes > 0 || _heard.Count > 1;
        foreach (Level level in _levels)
        {
            level.Answered |= several || _heard.Count > 0;
        }

        if (several)
        {
            Split();
        }
        else if (_heard.All(unit => unit.Details.IsEmpty) && _levels.Count == 0 && _question + 1 < _questions.Questions)
        {
            _question++;
            Ask();
        }
        else
        {
            Advance();
        }
    }

    /// <summary>A meter that has refused one question may tell more at the next one.</summary>
    private void Keep(FoundUnit unit)
    {
        int known = _found.FindIndex(found => found.Address == unit.Address);
        if (known < 0)
        {
            _found.Add(unit);
        }
        else if (_found[known].Details.IsEmpty)
        {
            _found[known] = unit;
        }
    }

    private void Split()
    {
        int open = _pattern.LastIndexOf(OpenPair, StringComparison.Ordinal);
        if (open < 0)
        {
            _unresolved.Add($"address {_pattern}: several meters answer at once; {_questions.Mend}");
        }
        else
        {
            _levels.Add(new Level(_pattern, _questions.Narrower(_question)));
        }

        Advance();
    }

    private void Advance()
    {
        while (_levels.Count > 0 && _levels[^1] is var level)
        {
            if (level.Next < Pairs)
            {
                int open = level.Pattern.LastIndexOf(OpenPair, StringComparison.Ordinal);
                _pattern = string.Concat(level.Pattern.AsSpan(0, open), level.Next++.ToString("00", CultureInfo.InvariantCulture), level.Pattern.AsSpan(open + 2));
                _question = level.Question;
                Ask();
                return;
            }

            if (!level.Answered && level.Question + 1 < _questions.Questions)
            {
                // Meters of the other kind: they know another question.
                (level.Question, level.Next) = (level.Question + 1, 0);
                continue;
            }

            if (!level.Answered)
            {
                _unresolved.Add($"address {level.Pattern}: several meters answer at once, and none to its own digits; {_questions.Mend}");
            }

            _levels.RemoveAt(_levels.Count - 1);
        }

        End();
    }

    private void Ask()
    {
        if (_requests++ >= MostRequests)
        {
            _unresolved.Add("the line answers noise to everything; the search was given up");
            End();
            return;
        }

        _requestBytes = _questions.Write(_question, _pattern, _request);
        double progress = 0;
        double share = 1;
        foreach (Level level in _levels)
        {
            progress += share * (level.Next - 1) / Pairs;
            share /= Pairs;
        }

        Progress = Math.Max(Progress, progress);
    }

    private void End()
    {
        IsOver = true;
        Progress = 1;
        _requestBytes = 0;
    }

    private sealed class Level(string pattern, int question)
    {
        public string Pattern { get; } = pattern;

        public int Question { get; set; } = question;

        public int Next { get; set; }

        public bool Answered { get; set; }
    }
}
