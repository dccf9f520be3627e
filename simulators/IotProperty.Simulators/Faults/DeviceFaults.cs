namespace IotProperty.Simulators.Faults;

/// <summary>One thing that can be broken at a device.</summary>
/// <param name="Name">As it is typed.</param>
/// <param name="Meaning">For people, in one line.</param>
/// <param name="Set">Breaks it.</param>
/// <param name="Clear">Mends it; null when it happens at once and leaves nothing to mend.</param>
public sealed record Fault(string Name, string Meaning, Action Set, Action? Clear);

/// <summary>
/// What can be broken at one device or line, and what is. Every one can be <c>dead</c>: it stops answering and stays silent.
/// </summary>
public sealed class DeviceFaults
{
    public const string DeadName = "dead";

    private readonly List<Fault> _faults;
    private readonly SortedSet<string> _active = new(StringComparer.Ordinal);

    /// <param name="faults">What else can be broken; a <c>dead</c> of their own replaces the plain one.</param>
    public DeviceFaults(params IEnumerable<Fault> faults)
    {
        _faults = [.. faults];
        if (Find(DeadName) is null)
        {
            _faults.Add(new Fault(DeadName, "answers nothing at all", () => { }, () => { }));
        }
    }

    public IReadOnlyList<Fault> Possible => _faults;

    /// <summary>The same faults and more; what has the name of one of these replaces it. Of a device at which nothing is broken yet.</summary>
    public DeviceFaults With(IEnumerable<Fault> more)
    {
        Fault[] added = [.. more];
        return new DeviceFaults([.. _faults.Where(f => added.All(a => a.Name != f.Name)), .. added]);
    }

    public IReadOnlyCollection<string> Active => _active;

    /// <summary>Breaks something. Returns null, or why not.</summary>
    public string? Set(string name)
    {
        Fault? fault = Find(name);
        if (fault is null)
        {
            return Unknown(name);
        }

        fault.Set();
        if (fault.Clear is not null)
        {
            _active.Add(name);
        }

        return null;
    }

    /// <summary>Mends one thing. Returns null, or why not. Mending what is whole is no mistake.</summary>
    public string? Clear(string name)
    {
        Fault? fault = Find(name);
        if (fault is null)
        {
            return Unknown(name);
        }

        if (_active.Remove(name))
        {
            fault.Clear!();
        }

        return null;
    }

    private Fault? Find(string name) => _faults.Find(f => string.Equals(f.Name, name, StringComparison.Ordinal));

    private string Unknown(string name) => $"there is no fault '{name}' here; there are: {string.Join(", ", _faults.Select(f => f.Name))}";
}
