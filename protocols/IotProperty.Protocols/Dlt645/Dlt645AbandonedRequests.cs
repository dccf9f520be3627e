namespace IotProperty.Protocols.Dlt645;

/// <summary>The requests given up last, so that their late answers are told from foreign ones. Bounded; the oldest is forgotten.</summary>
internal sealed class Dlt645AbandonedRequests
{
    private readonly Dlt645Asked?[] _kept = new Dlt645Asked?[8];
    private int _next;

    public void Add(Dlt645Asked asked)
    {
        _kept[_next] = asked;
        _next = (_next + 1) % _kept.Length;
    }

    /// <summary>Whether a frame answers one of them; each is answered at most once.</summary>
    public bool Take(Dlt645MeterAddress answerer, Dlt645Control control, ReadOnlySpan<byte> data)
    {
        for (int i = 0; i < _kept.Length; i++)
        {
            if (_kept[i] is { } asked && asked.IsAnsweredBy(answerer, control, data))
            {
                _kept[i] = null;
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether an answer that does not say what it answers may be meant for another request to the same meter that was given up; then that one is
    /// forgotten, so that the next such answer counts. Better to ask once more than to take a late refusal or acknowledgement for this one's.
    /// </summary>
    public bool TakeAmbiguous(Dlt645Asked now, Dlt645MeterAddress answerer, Dlt645Control control)
    {
        for (int i = 0; i < _kept.Length; i++)
        {
            if (_kept[i] is { } asked && asked.Content != now.Content && !asked.AnswerTellsWhat(control) && asked.IsAnsweredBy(answerer, control, []))
            {
                _kept[i] = null;
                return true;
            }
        }

        return false;
    }
}
