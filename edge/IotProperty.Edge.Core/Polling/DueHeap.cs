namespace IotProperty.Edge.Polling;

/// <summary>
/// Which of a fixed number of things comes first. Each has at most one key, which may be set anew or taken away at any time; every step costs the logarithm of
/// the number of things, and none allocates. Equal keys come in the order of their numbers, so that a line polls its devices in the order of the file.
/// </summary>
public sealed class DueHeap
{
    // _heap[0.._count) are the things with a key, every one not before its parent; _places[thing] is where it stands there, -1 for nowhere.
    private readonly int[] _heap;
    private readonly int[] _places;
    private readonly long[] _keys;
    private int _count;

    public DueHeap(int things)
    {
        _heap = new int[things];
        _keys = new long[things];
        _places = new int[things];
        Array.Fill(_places, -1);
    }

    /// <summary>Whether nothing has a key.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>The thing that comes first; only when there is one.</summary>
    public int First => _heap[0];

    /// <summary>The key of <see cref="First"/>; <see cref="long.MaxValue"/> when there is none.</summary>
    public long FirstKey => _count == 0 ? long.MaxValue : _keys[_heap[0]];

    /// <summary>Gives a thing its key; <see cref="long.MaxValue"/> takes it away.</summary>
    public void Set(int thing, long key)
    {
        if (key == long.MaxValue)
        {
            Remove(thing);
            return;
        }

        int place = _places[thing];
        if (place < 0)
        {
            place = _count++;
        }

        _keys[thing] = key;
        Put(place, thing);
        Down(Up(place));
    }

    public void Remove(int thing)
    {
        int place = _places[thing];
        if (place < 0)
        {
            return;
        }

        _places[thing] = -1;
        int last = _heap[--_count];
        if (last != thing)
        {
            Put(place, last);
            Down(Up(place));
        }
    }

    private int Up(int place)
    {
        int thing = _heap[place];
        while (place > 0 && Before(thing, _heap[(place - 1) / 2]))
        {
            Put(place, _heap[(place - 1) / 2]);
            place = (place - 1) / 2;
        }

        Put(place, thing);
        return place;
    }

    private void Down(int place)
    {
        int thing = _heap[place];
        for (int child = (2 * place) + 1; child < _count; child = (2 * place) + 1)
        {
            if (child + 1 < _count && Before(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!Before(_heap[child], thing))
            {
                break;
            }

            Put(place, _heap[child]);
            place = child;
        }

        Put(place, thing);
    }

    private void Put(int place, int thing)
    {
        _heap[place] = thing;
        _places[thing] = place;
    }

    private bool Before(int thing, int other) => _keys[thing] < _keys[other] || (_keys[thing] == _keys[other] && thing < other);
}
