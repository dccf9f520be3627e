namespace IotProperty.Hub.Ingest;

/// <summary>
/// Wrong passwords by address, so that guessing costs the hub next to nothing: whoever has used up his share is told that it is busy, without a check. Safe on any task.
/// </summary>
internal sealed class FrontDoorGuesses(FrontDoorOptions options, TimeProvider time)
{
    /// <summary>So many addresses are remembered; those that have rested are forgotten first, and while all are busy a stranger waits as they do.</summary>
    private const int MaxAddresses = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Pace> _ofAddress = new(StringComparer.Ordinal);

    /// <summary>Whether a password of this address is checked now.</summary>
    public bool MayTry(string address)
    {
        lock (_gate)
        {
            return _ofAddress.TryGetValue(address, out Pace? pace) ? pace.IsFree : HasRoom();
        }
    }

    /// <summary>Counts a wrong one.</summary>
    public void Wrong(string address)
    {
        lock (_gate)
        {
            if (!_ofAddress.TryGetValue(address, out Pace? pace) && HasRoom())
            {
                _ofAddress.Add(address, pace = new Pace(options.WrongPasswordsPerSecond, options.WrongPasswordsAtOnce, time));
            }

            pace?.Take(1);
        }
    }

    private bool HasRoom()
    {
        if (_ofAddress.Count < MaxAddresses)
        {
            return true;
        }

        foreach (string rested in _ofAddress.Where(entry => entry.Value.HasRested).Select(entry => entry.Key).ToArray())
        {
            _ofAddress.Remove(rested);
        }

        return _ofAddress.Count < MaxAddresses;
    }
}
