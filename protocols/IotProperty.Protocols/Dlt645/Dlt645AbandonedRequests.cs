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
    /// forgotten, so that the next such answer counts. Better to ask once more than to take a late refusal for this request's.
    /// </summary>
    /// <param name="sentMs">When the present request went out: what could be late only until then is past.</param>
    public bool TakeAmbiguous(Dlt645Asked now, Dlt645MeterAddress answerer, Dlt645Control control, long sentMs)
    {
        for (int i = 0; i < _kept.Length; i++)
        {
            if (_kept[i] is { } asked && asked.Content != now.Content && asked.LateUntilMs >= sentMs
                && !asked.AnswerTellsWhat(control) && asked.IsAnsweredBy(answerer, control, []))
            {
                _kept[i] = null;
                return true;
            }
        }

        return false;
    }

    /// <summary>Until when the acknowledgement of another such order to the same meter may still come; 0 when there is none.</summary>
    public long LateUntilMs(Dlt645Asked order)
    {
        long until = 0;
        foreach (Dlt645Asked? kept in _kept)
        {
            if (kept is { LateUntilMs: < long.MaxValue } asked && asked.Code == order.Code && asked.Content != order.Content
                && (asked.Meter.Means(order.Meter) || order.Meter.Means(asked.Meter)))
            {
                until = Math.Max(until, asked.LateUntilMs);
            }
        }

        return until;
    }
}
