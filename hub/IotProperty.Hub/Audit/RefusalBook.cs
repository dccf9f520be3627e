using System.Globalization;

namespace IotProperty.Hub.Audit;

/// <summary>A request that was refused.</summary>
/// <param name="Action">One of <see cref="AuditAction"/>.</param>
/// <param name="Source">What counts as one sender: a person or token, or a stranger's network.</param>
/// <param name="IsKnown">The sender was let in as somebody; strangers cannot take their places.</param>
/// <param name="Who">Whom the entry names.</param>
/// <param name="Route">Method and path.</param>
/// <param name="Detail">Why.</param>
internal readonly record struct RefusedRequest(string Action, string Source, bool IsKnown, Actor Who, string Route, string Detail);

/// <summary>
/// Puts refusals on the audit log within bounds, so that whoever is refused cannot fill the disk with it: of each sender the first ones in an hour, one by one and before the
/// answer goes out, and how many more there were in one entry when the hour is over (or the hub stops in good order). So many senders have entries of their own; all
/// further ones share those of one. Safe on any task.
/// </summary>
internal sealed class RefusalBook(AuditDesk desk, TimeProvider time)
{
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>A person who tries doors: an auditor wants to see which. A stranger's paths say nothing.</summary>
    public const int ToldOfKnown = 20;

    public const int ToldOfStranger = 1;

    public const int MaxKnown = 256;

    public const int MaxStrangers = 64;

    private const string Others = "others";

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Action, string Source), Hour> _hours = [];

    public async ValueTask TellAsync(RefusedRequest request, CancellationToken cancellationToken)
    {
        List<AuditNote> notes = [];
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        lock (_gate)
        {
            Hour hour = HourOf(request, nowMs, notes);
            if (hour.Told < (request.IsKnown ? ToldOfKnown : ToldOfStranger))
            {
                hour.Told++;
                notes.Add(new AuditNote(request.Who, request.Action, "route", request.Route, "", request.Detail, AuditOutcome.Refused));
            }
            else
            {
                hour.Untold++;
                hour.Last = request;
                hour.LastMs = nowMs;
            }
        }

        if (notes.Count > 0)
        {
            await desk.TellAsync(notes, cancellationToken);
        }
    }

    /// <summary>Tells how many there were of which nothing is told yet, of hours that are over or, at the end, of all.</summary>
    public async ValueTask FlushAsync(bool all, CancellationToken cancellationToken)
    {
        List<AuditNote> notes = [];
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        lock (_gate)
        {
            foreach (((string Action, string Source) key, Hour hour) in _hours.Where(entry => all || entry.Value.IsOver(nowMs)).ToArray())
            {
                _hours.Remove(key);
                AddRest(key.Source, hour, notes);
            }
        }

        if (notes.Count > 0)
        {
            await desk.TellAsync(notes, cancellationToken);
        }
    }

    private Hour HourOf(RefusedRequest request, long nowMs, List<AuditNote> notes)
    {
        int max = request.IsKnown ? MaxKnown : MaxStrangers;
        (string Action, string Source) key = (request.Action, request.Source);
        if (!_hours.ContainsKey(key) && _hours.Values.Count(hour => hour.IsKnown == request.IsKnown) >= max)
        {
            key = (request.Action, $"{Others} {request.IsKnown}");
        }

        if (_hours.TryGetValue(key, out Hour? found) && found.IsOver(nowMs))
        {
            _hours.Remove(key);
            AddRest(key.Source, found, notes);
            found = null;
        }

        return found ?? (_hours[key] = new Hour(request.IsKnown, nowMs));
    }

    private static void AddRest(string source, Hour hour, List<AuditNote> notes)
    {
        if (hour.Untold == 0)
        {
            return;
        }

        RefusedRequest last = hour.Last;
        string whose = source.StartsWith(Others, StringComparison.Ordinal) ? " of various senders" : "";
        notes.Add(new AuditNote(
            last.Who, last.Action, "route", last.Route, "",
            string.Create(CultureInfo.InvariantCulture, $"{hour.Untold} more{whose} from {UtcText.Of(hour.BeganMs)}, the last at {UtcText.Of(hour.LastMs)}: {last.Detail}"),
            AuditOutcome.Refused));
    }

    private sealed class Hour(bool isKnown, long beganMs)
    {
        public bool IsKnown => isKnown;

        public long BeganMs => beganMs;

        public int Told { get; set; }

        public long Untold { get; set; }

        public RefusedRequest Last { get; set; }

        public long LastMs { get; set; }

        public bool IsOver(long nowMs) => nowMs - beganMs >= (long)Window.TotalMilliseconds || nowMs < beganMs;
    }
}
