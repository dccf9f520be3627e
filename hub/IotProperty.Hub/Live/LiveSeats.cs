using System.Security.Claims;

namespace IotProperty.Hub.Live;

/// <summary>How many live streams each person has open, so that one cannot use up the places of all. Safe on any task.</summary>
internal sealed class LiveSeats
{
    /// <summary>Pages in as many tabs; a program needs one.</summary>
    public const int MaxOfPerson = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal);

    /// <summary>A seat, given back when it is disposed of; null when the person has none left.</summary>
    public IDisposable? TryTake(ClaimsPrincipal person)
    {
        string name = person.FindFirstValue(ClaimTypes.NameIdentifier) ?? person.Identity?.Name ?? "";
        lock (_gate)
        {
            int taken = _taken.GetValueOrDefault(name);
            if (taken >= MaxOfPerson)
            {
                return null;
            }

            _taken[name] = taken + 1;
            return new Seat(this, name);
        }
    }

    private void GiveBack(string name)
    {
        lock (_gate)
        {
            int left = _taken[name] - 1;
            if (left == 0)
            {
                _taken.Remove(name);
            }
            else
            {
                _taken[name] = left;
            }
        }
    }

    private sealed class Seat(LiveSeats seats, string name) : IDisposable
    {
        private int _givenBack;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _givenBack, 1) == 0)
            {
                seats.GiveBack(name);
            }
        }
    }
}
